// uWebSockets.js reads this once, when it loads: import this module before anything that loads it.
// 4 KiB, its default, is less than what browsers with cookies send; beyond 32 KiB it answers 431.
process.env.UWS_HTTP_MAX_HEADERS_SIZE ??= '32768';
