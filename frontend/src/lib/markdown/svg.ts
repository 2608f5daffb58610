/**
 * SVG that may stand in the page: shapes, text and style, without script, links, embedded HTML or remote pictures.
 */
import createPurifier from 'dompurify';

const LOCAL_URL = /url\(\s*(['"]?)(?!#|data:image\/)[^)]*\)/gi;

/** The cleaned markup; empty when nothing of it may stay. */
export function sanitiseSvg(svg: string): string {
  const purifier = createPurifier(window);
  purifier.addHook('uponSanitizeAttribute', (_node, data) => {
    const local =
      data.attrValue.startsWith('#') || /^data:image\/(?:png|jpeg|gif|webp);/i.test(data.attrValue);
    if ((data.attrName === 'href' || data.attrName === 'xlink:href') && !local) data.keepAttr = false;
    if (data.attrName === 'style') data.attrValue = data.attrValue.replace(LOCAL_URL, 'none');
  });
  purifier.addHook('uponSanitizeElement', (node, data) => {
    if (data.tagName !== 'style' || !node.textContent) return;
    node.textContent = node.textContent.replace(/@import[^;]*;?/gi, '').replace(LOCAL_URL, 'none');
  });
  return purifier.sanitize(svg, {
    USE_PROFILES: { svg: true, svgFilters: true },
    FORBID_TAGS: ['a', 'foreignObject', 'script'],
    ADD_ATTR: ['dominant-baseline'],
  });
}
