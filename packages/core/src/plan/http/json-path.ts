/**
 * The steps of a path such as `$.items[0].name`, `items[0].name` or `["a b"].c`; `undefined` when it is none. `$` alone is
 * the whole document.
 */
export function parseJsonPath(path: string): readonly (string | number)[] | undefined {
  const steps: (string | number)[] = [];
  let rest = path.startsWith('$') ? path.slice(1) : path.startsWith('[') ? path : `.${path}`;
  while (rest !== '') {
    const found = /^(?:\.([^.[\]"'\s]+)|\[(\d{1,9})\]|\["([^"\\]*)"\])/.exec(rest);
    if (found === null) return undefined;
    const [whole, name, index, quotedName] = found;
    steps.push(index === undefined ? (name ?? quotedName ?? '') : Number(index));
    rest = rest.slice(whole.length);
  }
  return steps;
}
