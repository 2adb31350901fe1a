import type { Plugin } from "vite";

export const MOST_SCRIPT: number;
export function scriptBytes(scripts: readonly string[]): number;
export function shipped(): Plugin;
