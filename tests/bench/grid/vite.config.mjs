// Builds the page of both grids as the window's own page is built.
import { fileURLToPath } from "node:url";

export default {
  root: fileURLToPath(new URL(".", import.meta.url)),
  build: { target: "safari16", modulePreload: { polyfill: false }, chunkSizeWarningLimit: 2_000 },
};
