// The contrast of texts whose background axe cannot tell, since something else lies in their place: of their colour on
// that of the nearest element that has one (WCAG 2.2, 1.4.3; the formulas are those of its glossary).

/** What of these elements is too faint, in words; run in the page. */
export function faint(selectors) {
  const canvas = new OffscreenCanvas(1, 1).getContext('2d', { willReadFrequently: true });
  /** Lays colours over each other, from the farthest to the nearest: what is seen, each part from 0 to 1. */
  const seen = (colours) => {
    canvas.clearRect(0, 0, 1, 1);
    for (const colour of colours) {
      canvas.fillStyle = colour;
      canvas.fillRect(0, 0, 1, 1);
    }
    return [...canvas.getImageData(0, 0, 1, 1).data].slice(0, 3).map((part) => part / 255);
  };
  const luminance = (parts) => {
    const [red, green, blue] = parts.map((part) => (part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4));
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
  };
  const told = [];
  for (const selector of selectors) {
    const element = document.querySelector(selector);
    if (element === null || element.closest('[disabled], [aria-disabled="true"]') !== null) continue;
    const { color, fill, fontSize, fontWeight } = getComputedStyle(element);
    const behind = ['Canvas'];
    for (let at = element; at !== null; at = at.parentElement) behind.splice(1, 0, getComputedStyle(at).backgroundColor);
    const text = element instanceof SVGElement ? fill : color;
    const [lighter, darker] = [luminance(seen([...behind, text])), luminance(seen(behind))].sort((a, b) => b - a);
    const ratio = (lighter + 0.05) / (darker + 0.05);
    const large = parseFloat(fontSize) >= 24 || (parseFloat(fontSize) >= 18.66 && Number(fontWeight) >= 700);
    if (ratio < (large ? 3 : 4.5)) told.push(`${element.outerHTML.slice(0, 200)}: ${text} has ${ratio.toFixed(2)} on ${behind.join(', ')}`);
  }
  return told;
}
