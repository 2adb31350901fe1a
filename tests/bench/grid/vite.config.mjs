// Builds both pages as the window's own page is built.
import { fileURLToPath } from "node:url";

const page = (name) => fileURLToPath(new URL(`${name}.html`, import.meta.url));

export default {
  root: fileURLToPath(new URL(".", import.meta.url)),
  build: { target: "safari16", rollupOptions: { input: { firn: page("firn"), aggrid: page("aggrid") } } },
};
