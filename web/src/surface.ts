/** The surface of an object as triangles, by naive surface nets (Gibson 1998).
 *
 * Each cell of eight voxels that the surface crosses gets one point, at the mean of the places
 * where its edges are crossed; points of neighbouring cells are joined. A few rounds of
 * smoothing move each point towards the mean of its neighbours.
 */

import { sizeOf } from './grid'
import type { Index, Region } from './wire'

export interface Surface {
  /** x, y, z a point, in voxel indices. */
  points: Float32Array
  triangles: Uint32Array
}

const CORNERS = [0, 1, 2, 3, 4, 5, 6, 7].map((c) => [c & 1, (c >> 1) & 1, c >> 2] as Index)
const EDGES: [number, number][] = []
for (let a = 0; a < 8; a++) for (const bit of [1, 2, 4]) if (!(a & bit)) EDGES.push([a, a | bit])
/** For each pattern of a cell's corners, where its point lies in the cell. */
const MIDDLES: Index[] = Array.from({ length: 256 }, (_, mask) => middle(mask))

/** The object with a rim of one voxel of nothing, as bytes, and that grid's steps. */
interface Padded {
  bytes: Uint8Array
  size: Index
  steps: Index
}

/** Surface of the voxels of a region (I fastest) that equal `label`. */
export function surfaceOf(values: Uint8Array, region: Region, label: number, rounds = 6): Surface {
  const padded = pad(values, sizeOf(region), label)
  const { cells, points } = place(padded, region.low)
  const surface = {
    points: new Float32Array(points),
    triangles: new Uint32Array(join(padded, cells)),
  }
  for (let round = 0; round < rounds; round++) smooth(surface)
  return surface
}

function pad(values: Uint8Array, [n0, n1, n2]: Index, label: number): Padded {
  const size: Index = [n0 + 2, n1 + 2, n2 + 2]
  const steps: Index = [1, size[0], size[0] * size[1]]
  const bytes = new Uint8Array(size[0] * size[1] * size[2])
  let n = 0
  for (let k = 1; k <= n2; k++)
    for (let j = 1; j <= n1; j++)
      for (let i = 1, at = 1 + j * steps[1] + k * steps[2]; i <= n0; i++, at++)
        bytes[at] = values[n++] === label ? 1 : 0
  return { bytes, size, steps }
}

/** A point for each cell that the surface crosses; a cell is named by its lowest corner. */
function place({ bytes, size, steps }: Padded, low: Index): { cells: Int32Array; points: number[] } {
  const cells = new Int32Array(bytes.length).fill(-1)
  const offsets = CORNERS.map(([a, b, c]) => a + b * steps[1] + c * steps[2])
  const points: number[] = []
  for (let k = 0; k + 1 < size[2]; k++)
    for (let j = 0; j + 1 < size[1]; j++)
      for (let i = 0, at = j * steps[1] + k * steps[2]; i + 1 < size[0]; i++, at++) {
        let mask = 0
        for (let corner = 0; corner < 8; corner++) mask |= bytes[at + offsets[corner]] << corner
        if (mask === 0 || mask === 255) continue
        cells[at] = points.length / 3
        const [x, y, z] = MIDDLES[mask]
        points.push(low[0] + i - 1 + x, low[1] + j - 1 + y, low[2] + k - 1 + z)
      }
  return { cells, points }
}

/** Two triangles for each pair of neighbours of which one is inside. */
function join({ bytes, size, steps }: Padded, cells: Int32Array): number[] {
  const triangles: number[] = []
  for (let axis = 0; axis < 3; axis++) {
    const [u, v] = [steps[(axis + 1) % 3], steps[(axis + 2) % 3]]
    for (let k = 1; k < size[2]; k++)
      for (let j = 1; j < size[1]; j++)
        for (let i = 1, at = 1 + j * steps[1] + k * steps[2]; i < size[0]; i++, at++) {
          const before = at - steps[axis]
          if (bytes[at] === bytes[before]) continue
          const [a, b, c, d] = [before - u - v, before - v, before - u, before].map((n) => cells[n])
          if (bytes[before]) triangles.push(a, b, c, b, d, c)
          else triangles.push(a, c, b, b, c, d)
        }
  }
  return triangles
}

function middle(mask: number): Index {
  const sum: Index = [0, 0, 0]
  let count = 0
  for (const [a, b] of EDGES) {
    if (((mask >> a) & 1) === ((mask >> b) & 1)) continue
    count++
    for (let axis = 0; axis < 3; axis++) sum[axis] += (CORNERS[a][axis] + CORNERS[b][axis]) / 2
  }
  return count ? [sum[0] / count, sum[1] / count, sum[2] / count] : sum
}

function smooth({ points, triangles }: Surface): void {
  const sum = new Float32Array(points.length)
  const count = new Uint16Array(points.length / 3)
  for (let t = 0; t < triangles.length; t += 3)
    for (let n = 0; n < 3; n++) {
      const own = triangles[t + n]
      const other = triangles[t + ((n + 1) % 3)]
      count[own]++
      for (let axis = 0; axis < 3; axis++) sum[3 * own + axis] += points[3 * other + axis]
    }
  for (let n = 0; n < points.length; n++) {
    const neighbours = count[Math.floor(n / 3)]
    if (neighbours) points[n] += 0.5 * (sum[n] / neighbours - points[n])
  }
}

/** Half as many voxels along each axis, for objects too large to draw finely. */
export function halved(values: Uint8Array, size: Index): { values: Uint8Array; size: Index } {
  const half = size.map((n) => Math.ceil(n / 2)) as Index
  const out = new Uint8Array(half[0] * half[1] * half[2])
  let n = 0
  for (let k = 0; k < half[2]; k++)
    for (let j = 0; j < half[1]; j++)
      for (let i = 0; i < half[0]; i++) out[n++] = values[2 * (i + size[0] * (j + size[1] * k))]
  return { values: out, size: half }
}
