export function rate(bps: number | null): string;
export function bytes(value: number | null): string;
export function percent(share: number | null): string;
export function count(value: number | null): string;
export function shortCount(value: number | null): string;
export function milliseconds(value: number | null): string;
export function clock(seconds: number): string;
export function duration(seconds: number): string;
export function dollars(value: number | null): string;
