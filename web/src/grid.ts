/** Planes through a grid of voxels, and where its voxels lie on the screen.
 *
 * Positions along an axis count in voxel edges: voxel 3 reaches from 3 to 4. The screen shows
 * the patient from the front or from below (the radiological convention): right on the left.
 */

import type { Axis, Index, Region } from './wire'

export interface Plane {
  axis: Axis
  name: string
  across: Axis
  up: Axis
  /** Letters at the left, right, top and bottom of the screen. */
  letters: [string, string, string, string]
}

export const PLANES: readonly [Plane, Plane, Plane] = [
  { axis: 0, name: 'Sagittal', across: 1, up: 2, letters: ['A', 'P', 'S', 'I'] },
  { axis: 1, name: 'Coronal', across: 0, up: 2, letters: ['R', 'L', 'S', 'I'] },
  { axis: 2, name: 'Axial', across: 0, up: 1, letters: ['R', 'L', 'A', 'P'] },
]

export interface Rectangle {
  left: number
  top: number
  width: number
  height: number
}

/** What part of a plane is looked at: mm from the grid's corner, and pixels of CSS a mm. */
export interface Look {
  across: number
  up: number
  scale: number
}

/** A plane in a rectangle of the screen. */
export interface Tile {
  plane: Plane
  channel: number
  rectangle: Rectangle
  look: Look
  spacing: [number, number, number]
}

export type Point = [number, number]

/** The screen's place of a position in voxel edges along `across` and `up`. */
export function toScreen(tile: Tile, across: number, up: number): Point {
  const { rectangle: r, look, plane, spacing } = tile
  return [
    r.left + r.width / 2 - (across * spacing[plane.across] - look.across) * look.scale,
    r.top + r.height / 2 - (up * spacing[plane.up] - look.up) * look.scale,
  ]
}

/** The position in voxel edges of a place on the screen; undoes `toScreen`. */
export function fromScreen(tile: Tile, [x, y]: Point): Point {
  const { rectangle: r, look, plane, spacing } = tile
  return [
    (look.across - (x - r.left - r.width / 2) / look.scale) / spacing[plane.across],
    (look.up - (y - r.top - r.height / 2) / look.scale) / spacing[plane.up],
  ]
}

/** The screen's place of the centre of a voxel. */
export function voxelToScreen(tile: Tile, voxel: Index): Point {
  return toScreen(tile, voxel[tile.plane.across] + 0.5, voxel[tile.plane.up] + 0.5)
}

/** The voxel at a place on the screen in slice `depth`; null outside the grid. */
export function voxelAt(tile: Tile, point: Point, depth: number, shape: Index): Index | null {
  const [across, up] = fromScreen(tile, point)
  const voxel = placed(tile.plane, Math.floor(across), Math.floor(up), depth)
  return voxel.every((v, axis) => v >= 0 && v < shape[axis]) ? voxel : null
}

/** The nearest voxel of the grid to a place on the screen. */
export function nearestVoxel(tile: Tile, point: Point, depth: number, shape: Index): Index {
  const [across, up] = fromScreen(tile, point)
  const voxel = placed(tile.plane, Math.floor(across), Math.floor(up), depth)
  return voxel.map((v, axis) => Math.min(Math.max(v, 0), shape[axis] - 1)) as Index
}

/** The voxel at two places in a plane and a depth. */
export function placed(plane: Plane, across: number, up: number, depth: number): Index {
  const voxel: Index = [0, 0, 0]
  voxel[plane.across] = across
  voxel[plane.up] = up
  voxel[plane.axis] = depth
  return voxel
}

/** The look that shows a whole plane, centred, with a margin. */
export function wholePlane(
  plane: Plane,
  shape: Index,
  spacing: [number, number, number],
  rectangle: Rectangle,
): Look {
  const across = shape[plane.across] * spacing[plane.across]
  const up = shape[plane.up] * spacing[plane.up]
  const scale = 0.94 * Math.min(rectangle.width / across, rectangle.height / up)
  return { across: across / 2, up: up / 2, scale: scale > 0 ? scale : 1 }
}

/** A look after a zoom that leaves one place of the screen where it is. */
export function zoomed(tile: Tile, point: Point, factor: number): Look {
  const { rectangle: r, look } = tile
  const scale = Math.min(Math.max(look.scale * factor, 0.02), 400)
  const dx = point[0] - r.left - r.width / 2
  const dy = point[1] - r.top - r.height / 2
  const change = 1 / look.scale - 1 / scale
  return { across: look.across - dx * change, up: look.up - dy * change, scale }
}

export function inRectangle(r: Rectangle, [x, y]: Point): boolean {
  return x >= r.left && x < r.left + r.width && y >= r.top && y < r.top + r.height
}

/** World coordinates, RAS+ in mm, of a voxel's centre. */
export function toWorld(affine: number[][], voxel: Index): [number, number, number] {
  const row = (n: number) =>
    affine[n][0] * voxel[0] + affine[n][1] * voxel[1] + affine[n][2] * voxel[2] + affine[n][3]
  return [row(0), row(1), row(2)]
}

export function sizeOf({ low, high }: Region): Index {
  return [high[0] - low[0], high[1] - low[1], high[2] - low[2]]
}

export function countOf(region: Region): number {
  const [i, j, k] = sizeOf(region)
  return i * j * k
}

export function whole(shape: Index): Region {
  return { low: [0, 0, 0], high: [...shape] as Index }
}
