import react from "@vitejs/plugin-react";
import { defineConfig } from "vitest/config";
import { shipped } from "./scripts/shipped.mjs";

export default defineConfig({
  plugins: [react(), shipped()],
  // Fonts and pictures stay files: the content security policy allows no data: addresses.
  build: {
    target: "safari16",
    assetsInlineLimit: 0,
    sourcemap: false,
    reportCompressedSize: true,
    modulePreload: { polyfill: false },
  },
  server: { port: 5174, strictPort: true },
  test: { include: ["test/**/*.test.ts", "test/**/*.test.tsx"], environment: "node" },
});
