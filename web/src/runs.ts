/** Sets of voxels drawn in a slice, and the runs in which they travel. */

import { PLANES, placed, sizeOf, type Plane, type Point } from './grid'
import type { Axis, Index, Runs } from './wire'

/** Cells of a slice, as `across + up * width`. */
export class Cells {
  readonly set = new Set<number>()

  constructor(
    readonly axis: Axis,
    readonly depth: number,
    readonly shape: Index,
  ) {}

  get plane(): Plane {
    return PLANES[this.axis]
  }

  get width(): number {
    return this.shape[this.plane.across]
  }

  add(across: number, up: number): void {
    if (across < 0 || up < 0 || across >= this.width || up >= this.shape[this.plane.up]) return
    this.set.add(across + up * this.width)
  }

  /** A disk around a position in voxel edges; always the voxel under it. Radius in mm. */
  disk([across, up]: Point, radius: number, spacing: readonly number[]): void {
    const [su, sv] = [spacing[this.plane.across], spacing[this.plane.up]]
    this.add(Math.floor(across), Math.floor(up))
    const [ru, rv] = [radius / su, radius / sv]
    for (let v = Math.floor(up - rv); v <= up + rv; v++)
      for (let u = Math.floor(across - ru); u <= across + ru; u++) {
        const du = (u + 0.5 - across) * su
        const dv = (v + 0.5 - up) * sv
        if (du * du + dv * dv <= radius * radius) this.add(u, v)
      }
  }

  /** Disks along a line, so close that no gap is left. */
  stroke(from: Point, to: Point, radius: number, spacing: readonly number[]): void {
    const steps = Math.ceil(2 * Math.max(Math.abs(to[0] - from[0]), Math.abs(to[1] - from[1])))
    for (let n = 0; n <= steps; n++) {
      const t = steps ? n / steps : 0
      const at: Point = [from[0] + t * (to[0] - from[0]), from[1] + t * (to[1] - from[1])]
      this.disk(at, radius, spacing)
    }
  }

  /** The cells whose centre is inside a polygon (even-odd) of positions in voxel edges. */
  fill(corners: readonly Point[]): void {
    const ups = corners.map(([, up]) => up)
    const first = Math.max(0, Math.floor(Math.min(...ups)))
    const last = Math.min(this.shape[this.plane.up] - 1, Math.ceil(Math.max(...ups)))
    for (let v = first; v <= last; v++) {
      const cuts = crossings(corners, v + 0.5)
      for (let n = 0; n + 1 < cuts.length; n += 2)
        for (let u = Math.ceil(cuts[n] - 0.5); u + 0.5 < cuts[n + 1]; u++) this.add(u, v)
    }
  }

  /** As the wire has it; null if there is none. */
  runs(): Runs | null {
    if (!this.set.size) return null
    return toRuns([...this.set].map((cell) => this.voxel(cell)))
  }

  private voxel(cell: number): Index {
    return placed(this.plane, cell % this.width, Math.floor(cell / this.width), this.depth)
  }
}

function crossings(corners: readonly Point[], level: number): number[] {
  const found: number[] = []
  corners.forEach(([u0, v0], n) => {
    const [u1, v1] = corners[(n + 1) % corners.length]
    if (v0 <= level !== v1 <= level) found.push(u0 + ((level - v0) / (v1 - v0)) * (u1 - u0))
  })
  return found.sort((a, b) => a - b)
}

/** Voxels as runs in the smallest box that holds them. */
export function toRuns(voxels: readonly Index[]): Runs {
  const low: Index = [Infinity, Infinity, Infinity]
  const high: Index = [0, 0, 0]
  for (const voxel of voxels)
    for (let axis = 0; axis < 3; axis++) {
      low[axis] = Math.min(low[axis], voxel[axis])
      high[axis] = Math.max(high[axis], voxel[axis] + 1)
    }
  const [n0, n1] = sizeOf({ low, high })
  const at = voxels.map(([i, j, k]) => i - low[0] + (j - low[1]) * n0 + (k - low[2]) * n0 * n1)
  return { low, high, runs: pairs(at.sort((a, b) => a - b)) }
}

function pairs(sorted: readonly number[]): number[] {
  const runs: number[] = []
  let next = -1
  for (const position of sorted) {
    if (position === next) runs[runs.length - 1]++
    else if (position > next) runs.push(position, 1)
    else continue
    next = position + 1
  }
  return runs
}

/** Every voxel of a set of runs. */
export function* fromRuns({ low, high, runs }: Runs): Generator<Index> {
  const [n0, n1] = sizeOf({ low, high })
  for (let n = 0; n < runs.length; n += 2)
    for (let p = runs[n]; p < runs[n] + runs[n + 1]; p++)
      yield [low[0] + (p % n0), low[1] + (Math.floor(p / n0) % n1), low[2] + Math.floor(p / n0 / n1)]
}

/** Where a set of runs meets a slice: cells `[across, up]`. */
export function inSlice(runs: Runs, plane: Plane, depth: number): Point[] {
  if (depth < runs.low[plane.axis] || depth >= runs.high[plane.axis]) return []
  const found: Point[] = []
  for (const voxel of fromRuns(runs))
    if (voxel[plane.axis] === depth) found.push([voxel[plane.across], voxel[plane.up]])
  return found
}
