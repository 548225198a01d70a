// Small helpers: elements from names, and the one tooltip of the page. Text only ever goes in as text.

const SVG = 'http://www.w3.org/2000/svg';

export function el(name, attributes = {}, ...children) {
  return filled(document.createElement(name), attributes, children);
}

export function svg(name, attributes = {}, ...children) {
  return filled(document.createElementNS(SVG, name), attributes, children);
}

export function set(element, attributes) {
  for (const [name, value] of Object.entries(attributes)) {
    if (value === null || value === false) element.removeAttribute(name);
    else if (name.startsWith('on')) element.addEventListener(name.slice(2), value);
    else element.setAttribute(name, value === true ? '' : String(value));
  }
}

function filled(element, attributes, children) {
  set(element, attributes);
  element.append(...children.flat().filter((child) => child !== null));
  return element;
}

let tip = null;

/** Shows a title and rows of name and value beside the pointer; gone with `hideTip`. */
export function showTip(event, title, rows) {
  tip ??= document.body.appendChild(el('div', { class: 'tip', role: 'status' }));
  tip.replaceChildren(
    el('b', {}, title),
    ...rows.map(([name, value]) => el('div', {}, el('span', {}, name), el('span', {}, value))),
  );
  tip.hidden = false;
  const { offsetWidth: width, offsetHeight: height } = tip;
  const right = document.documentElement.clientWidth;
  const x = event.clientX + 14 + width > right ? Math.max(4, event.clientX - 14 - width) : event.clientX + 14;
  const y = event.clientY + 14 + height > innerHeight ? Math.max(4, event.clientY - 14 - height) : event.clientY + 14;
  tip.style.left = `${x}px`;
  tip.style.top = `${y}px`;
}

export function hideTip() {
  if (tip) tip.hidden = true;
}

/** Draws again when the width changes, and only then. */
export function onWidth(element, draw) {
  let width = 0;
  const look = () => {
    const now = element.clientWidth;
    if (now === width || now === 0) return;
    width = now;
    draw(now);
  };
  new ResizeObserver(look).observe(element);
  look();
}
