// What a person can see and reach on a screen, told by the page itself.

/** Runs in the page: what is too wide, and which controls cannot be seen whole or brought into view. */
const inPage = `
  const found = [];
  const root = document.documentElement;
  if (root.scrollWidth > innerWidth || document.body.scrollWidth > innerWidth)
    found.push("the page is " + Math.max(root.scrollWidth, document.body.scrollWidth) + " px wide");
  for (const one of document.querySelectorAll(".split")) {
    const ends = [...one.children].map((part) => part.getBoundingClientRect().bottom);
    const free = one.getBoundingClientRect().bottom - Math.max(...ends);
    if (free > 2) found.push(free + " px below the panes are empty");
  }
  const called = (one) => (one.getAttribute("aria-label") ?? one.textContent).replace(/\\s+/g, " ").trim().slice(0, 60);
  const controls = "button, a[href], input, select, textarea, [role=menuitem], [role=option]";
  for (const one of document.querySelectorAll(controls)) {
    if (one.getClientRects().length === 0 || one.closest(".unseen") || getComputedStyle(one).visibility === "hidden") continue;
    let { left, right, top, bottom } = one.getBoundingClientRect();
    if (right - left < 1 || bottom - top < 1) found.push("“" + called(one) + "” has no size");
    let cut = null;
    for (let box = one.parentElement; box && !cut; box = box.parentElement) {
      const style = getComputedStyle(box), edge = box.getBoundingClientRect();
      const [x, y] = [style.overflowX, style.overflowY];
      // Whatever scrolls brings what it holds into view: then it is the one that has to be seen.
      if (x === "auto" || x === "scroll") [left, right] = [edge.left, edge.right];
      else if ((x === "hidden" || x === "clip") && (left < edge.left - 1 || right > edge.right + 1)) cut = box;
      if (y === "auto" || y === "scroll") [top, bottom] = [edge.top, edge.bottom];
      else if ((y === "hidden" || y === "clip") && (top < edge.top - 1 || bottom > edge.bottom + 1)) cut = box;
      if (style.position === "fixed") break;
    }
    if (!cut && (left < -1 || top < -1 || right > innerWidth + 1 || bottom > innerHeight + 1)) cut = root;
    if (cut) found.push("“" + called(one) + "” is cut off by " + (cut === root ? "the window" : "." + cut.className));
    const words = one.matches("button") && !one.querySelector(".cut") && getComputedStyle(one).textOverflow !== "ellipsis";
    if (words && one.scrollWidth > one.clientWidth + 1) found.push("the words of “" + called(one) + "” are cut off");
  }
  return found;
`;

/** What is wrong with how a page is laid out now; nothing where it is well. */
export function misplaced(page) {
  return page.script(inPage);
}
