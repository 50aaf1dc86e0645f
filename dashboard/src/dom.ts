// Elements made of names and texts. Nothing here, or anywhere in this script, turns text into HTML.

type Child = Node | string | null;

const SVG = "http://www.w3.org/2000/svg";

export function element<Name extends keyof HTMLElementTagNameMap>(
  name: Name,
  attributes: Record<string, string> = {},
  ...children: Child[]
): HTMLElementTagNameMap[Name] {
  return filled(document.createElement(name), attributes, children);
}

export function shape(name: string, attributes: Record<string, string> = {}, ...children: Child[]): SVGElement {
  return filled(document.createElementNS(SVG, name) as SVGElement, attributes, children);
}

/** Puts these children in place of all that was there. */
export function replace(parent: Element, ...children: Child[]): void {
  while (parent.firstChild) parent.removeChild(parent.firstChild);
  append(parent, children);
}

function filled<E extends Element>(made: E, attributes: Record<string, string>, children: Child[]): E {
  for (const name of Object.keys(attributes)) made.setAttribute(name, attributes[name]!);
  append(made, children);
  return made;
}

function append(parent: Element, children: Child[]): void {
  for (const child of children) {
    if (child === null) continue;
    parent.appendChild(typeof child === "string" ? document.createTextNode(child) : child);
  }
}
