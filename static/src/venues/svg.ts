/** Builds elements of small drawings: attributes only, no styles (the content policy forbids them). */
const NAMESPACE = "http://www.w3.org/2000/svg";

export function svg(name: string, attributes: Record<string, string | number>): SVGElement {
  const made = document.createElementNS(NAMESPACE, name);
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, String(value));
  return made;
}
