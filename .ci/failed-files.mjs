// The test files in which a test failed, from what AVA printed: argv = log, folder that the titles begin below.
import { existsSync, readFileSync } from 'node:fs';

const [log, folder] = process.argv.slice(2);
const files = new Set();
for (const [, title] of readFileSync(log, 'utf8').matchAll(/^ +✘ \[fail\]: (.+)$/gm)) {
  const parts = title.split(' › ');
  for (let count = 1; count < parts.length; count++) {
    const file = `${folder}${parts.slice(0, count).join('/')}.test.ts`;
    if (existsSync(file)) files.add(file);
  }
}
console.log([...files].join('\n'));
