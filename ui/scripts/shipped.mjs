// What goes along with the page and how large it may be.
import { readFileSync } from "node:fs";
import { gzipSync } from "node:zlib";

/** The most that all scripts of the page may weigh together, gzipped. */
export const MOST_SCRIPT = 400_000;

/** The bytes of scripts, each gzipped by itself as a server or a package would. */
export function scriptBytes(scripts) {
  return scripts.reduce((sum, script) => sum + gzipSync(script, { level: 9 }).length, 0);
}

const fonts = ["inter", "jetbrains-mono"];

/** A step of the build: refuses a page whose scripts are too heavy, and puts the licences of the fonts beside them. */
export function shipped() {
  return {
    name: "firn-shipped",
    apply: "build",
    generateBundle(_options, bundle) {
      const scripts = Object.values(bundle).flatMap((file) => (file.type === "chunk" ? [file.code] : []));
      const bytes = scriptBytes(scripts);
      if (scripts.length === 0) this.error("the build holds no script");
      if (bytes > MOST_SCRIPT)
        this.error(`the page's scripts weigh ${bytes} bytes gzipped; at most ${MOST_SCRIPT} may be`);
      this.info(`scripts: ${bytes} bytes gzipped, at most ${MOST_SCRIPT}`);
      for (const font of fonts) {
        const source = readFileSync(new URL(`../node_modules/@fontsource-variable/${font}/LICENSE`, import.meta.url));
        this.emitFile({ type: "asset", fileName: `licenses/${font}.txt`, source });
      }
    },
  };
}
