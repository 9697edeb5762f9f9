import { expect, test } from 'vitest'
import { PLANES } from '../src/grid'
import { Cells, fromRuns, inSlice, toRuns } from '../src/runs'
import type { Index } from '../src/wire'

const shape: Index = [12, 9, 5]

test('voxels become runs by hand, I fastest', () => {
  const runs = toRuns([[3, 2, 1], [2, 2, 1], [2, 3, 1], [3, 2, 1]])
  expect(runs).toEqual({ low: [2, 2, 1], high: [4, 4, 2], runs: [0, 3] })
})

test('there and back again', () => {
  const voxels: Index[] = []
  for (let n = 0; n < 60; n++) voxels.push([(n * 7) % 12, (n * 5) % 9, (n * 3) % 5])
  const key = (voxel: Index) => voxel.join()
  const back = [...fromRuns(toRuns(voxels))].map(key)
  expect(back.length).toBe(new Set(back).size)
  expect(new Set(back)).toEqual(new Set(voxels.map(key)))
})

test('a disk is round in mm, not in voxels', () => {
  const cells = new Cells(1, 4, shape)
  cells.disk([6, 2.5], 2, [1, 1, 4])
  const found = [...fromRuns(cells.runs()!)]
  expect(found.every(([, j, k]) => j === 4 && k === 2)).toBe(true)
  expect(found.map(([i]) => i)).toEqual([4, 5, 6, 7])
})

test('a brush smaller than a voxel still marks the voxel under it', () => {
  const cells = new Cells(2, 1, shape)
  cells.disk([3.9, 3.1], 0.01, [1, 1, 1])
  expect(cells.runs()).toEqual({ low: [3, 3, 1], high: [4, 4, 2], runs: [0, 1] })
})

test('a fast stroke leaves no gap', () => {
  const cells = new Cells(2, 0, shape)
  cells.stroke([0.5, 0.5], [11.5, 8.5], 0.1, [1, 1, 1])
  const found = [...fromRuns(cells.runs()!)]
  for (let i = 0; i < 12; i++) expect(found.some((voxel) => voxel[0] === i)).toBe(true)
})

test('outside the grid nothing is marked', () => {
  const cells = new Cells(2, 0, shape)
  cells.disk([-5, -5], 2, [1, 1, 1])
  expect(cells.runs()).toBeNull()
})

test('a lasso holds the voxels whose centre it surrounds, as a brute force does', () => {
  const corners: [number, number][] = [[1.2, 1.1], [9.7, 0.8], [6.1, 4.4], [10.3, 8.2], [2.2, 7.9]]
  const cells = new Cells(2, 3, shape)
  cells.fill(corners)
  const found = new Set([...fromRuns(cells.runs()!)].map(([i, j]) => `${i} ${j}`))
  for (let i = 0; i < 12; i++)
    for (let j = 0; j < 9; j++) expect(found.has(`${i} ${j}`)).toBe(surrounds(corners, i + 0.5, j + 0.5))
})

function surrounds(corners: [number, number][], x: number, y: number): boolean {
  let turns = 0
  corners.forEach(([x0, y0], n) => {
    const [x1, y1] = corners[(n + 1) % corners.length]
    let angle = Math.atan2(y1 - y, x1 - x) - Math.atan2(y0 - y, x0 - x)
    if (angle > Math.PI) angle -= 2 * Math.PI
    if (angle < -Math.PI) angle += 2 * Math.PI
    turns += angle
  })
  return Math.abs(turns) > Math.PI
}

test('runs in a slice of another plane', () => {
  const runs = toRuns([[3, 2, 1], [3, 2, 2], [4, 2, 1]])
  expect(inSlice(runs, PLANES[0], 3)).toEqual([[2, 1], [2, 2]])
  expect(inSlice(runs, PLANES[0], 5)).toEqual([])
})
