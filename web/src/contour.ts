/** Outlines of the objects in a slice, along the edges between voxels. */

/** For each label the edges around it, as x0, y0, x1, y1 in voxel edges; straight ones joined. */
export function outlines(slice: Uint8Array, width: number): Map<number, number[]> {
  const height = slice.length / width
  const found = new Map<number, number[]>()
  const add = (label: number, x0: number, y0: number, x1: number, y1: number) => {
    const edges = found.get(label)
    if (edges) edges.push(x0, y0, x1, y1)
    else found.set(label, [x0, y0, x1, y1])
  }
  const at = (x: number, y: number) =>
    x < 0 || y < 0 || x >= width || y >= height ? 0 : slice[x + y * width]
  walk(height, width, (line, n) => at(n, line), (line, n) => at(n, line - 1), (label, line, a, b) =>
    add(label, a, line, b, line),
  )
  walk(width, height, (line, n) => at(line, n), (line, n) => at(line - 1, n), (label, line, a, b) =>
    add(label, line, a, line, b),
  )
  return found
}

/** Along each line between rows, the stretches where a label meets another. */
function walk(
  lines: number,
  length: number,
  after: (line: number, n: number) => number,
  before: (line: number, n: number) => number,
  add: (label: number, line: number, from: number, to: number) => void,
): void {
  for (let line = 0; line <= lines; line++)
    for (const side of [after, before]) {
      const other = side === after ? before : after
      let label = 0
      let from = 0
      for (let n = 0; n <= length; n++) {
        const own = n < length ? side(line, n) : 0
        const here = own && own !== other(line, n) ? own : 0
        if (here === label) continue
        if (label) add(label, line, from, n)
        label = here
        from = n
      }
    }
}
