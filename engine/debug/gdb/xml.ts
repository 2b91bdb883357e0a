const entities: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' };

/** Text as an attribute's value. Control characters, which XML 1.0 cannot have, become `?`. */
export function escapeXml(text: string): string {
  return text.replace(/[&<>"]/g, (character) => entities[character]!).replace(/\p{Cc}/gu, '?');
}
