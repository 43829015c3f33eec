// A signature names its parameters and what it returns: the sections that would repeat them are left out.

import { MarkdownPageEvent } from "typedoc-plugin-markdown";

const repeated = /^#+ (?:Type Parameters|Parameters|Returns)\n[^]*?(?=^#|^\*\*\*$|$(?![^]))/gm;

export function load(app) {
  app.renderer.on(MarkdownPageEvent.END, (page) => {
    page.contents = page.contents.replace(repeated, "");
  });
}
