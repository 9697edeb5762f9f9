import { expect, test } from 'vitest'
import {
  PLANES, fromScreen, nearestVoxel, toScreen, toWorld, voxelAt, voxelToScreen, wholePlane, zoomed,
  type Tile,
} from '../src/grid'
import type { Index } from '../src/wire'

const shape: Index = [40, 30, 10]
const spacing: [number, number, number] = [1, 1, 3]

function tile(axis: 0 | 1 | 2): Tile {
  const rectangle = { left: 100, top: 50, width: 300, height: 200 }
  const plane = PLANES[axis]
  return { plane, channel: 0, rectangle, spacing, look: wholePlane(plane, shape, spacing, rectangle) }
}

test('a voxel goes to the screen and back on each plane', () => {
  for (const axis of [0, 1, 2] as const) {
    const voxel: Index = [7, 11, 3]
    const point = voxelToScreen(tile(axis), voxel)
    expect(voxelAt(tile(axis), point, voxel[axis], shape)).toEqual(voxel)
  }
})

test('right is on the left, front and head are up', () => {
  const axial = tile(2)
  expect(toScreen(axial, 1, 0)[0]).toBeLessThan(toScreen(axial, 0, 0)[0])
  expect(toScreen(axial, 0, 1)[1]).toBeLessThan(toScreen(axial, 0, 0)[1])
  const sagittal = tile(0)
  expect(toScreen(sagittal, 1, 0)[0]).toBeLessThan(toScreen(sagittal, 0, 0)[0])
})

test('pixels are as long as the spacing says', () => {
  const coronal = tile(1)
  const [x0, y0] = toScreen(coronal, 0, 0)
  const [x1, y1] = toScreen(coronal, 1, 1)
  expect((y0 - y1) / (x0 - x1)).toBeCloseTo(3)
})

test('a whole plane fits, and is in the middle', () => {
  const axial = tile(2)
  const [x0, y0] = toScreen(axial, 0, 0)
  const [x1, y1] = toScreen(axial, 40, 30)
  expect(x1).toBeGreaterThanOrEqual(100)
  expect(x0).toBeLessThanOrEqual(400)
  expect((x0 + x1) / 2).toBeCloseTo(250)
  expect((y0 + y1) / 2).toBeCloseTo(150)
})

test('a zoom leaves the place under the pointer where it is', () => {
  const before = tile(2)
  const point: [number, number] = [180, 90]
  const after = { ...before, look: zoomed(before, point, 1.7) }
  const [a, b] = [fromScreen(before, point), fromScreen(after, point)]
  expect(b[0]).toBeCloseTo(a[0])
  expect(b[1]).toBeCloseTo(a[1])
  expect(after.look.scale).toBeCloseTo(1.7 * before.look.scale)
})

test('outside the grid there is no voxel, but a nearest one', () => {
  expect(voxelAt(tile(2), [101, 51], 0, shape)).toBeNull()
  expect(nearestVoxel(tile(2), [101, 51], 4, shape)).toEqual([39, 29, 4])
})

test('world coordinates of an oblique grid', () => {
  const affine = [[0, -2, 0, 10], [3, 0, 0, 20], [0, 0, 4, 30], [0, 0, 0, 1]]
  expect(toWorld(affine, [1, 2, 3])).toEqual([6, 23, 42])
})
