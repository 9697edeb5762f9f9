import { expect, test } from 'vitest'
import { PLANES } from '../src/grid'
import { readFrame } from '../src/frame'
import { Labels, sliceOf } from '../src/labels'
import { outlines } from '../src/contour'
import { surfaceOf } from '../src/surface'
import { readNifti } from '../src/nifti'
import type { Index, Region } from '../src/wire'

const region: Region = { low: [1, 2, 0], high: [3, 4, 2] }
const values = Uint8Array.from([1, 2, 3, 4, 5, 6, 7, 8])

test('a region lies where it says, I fastest', () => {
  const labels = new Labels([4, 5, 3])
  labels.commit(region, values)
  expect(labels.at([1, 2, 0])).toBe(1)
  expect(labels.at([2, 2, 0])).toBe(2)
  expect(labels.at([1, 3, 0])).toBe(3)
  expect(labels.at([2, 3, 1])).toBe(8)
  expect(labels.data.reduce((sum, value) => sum + value)).toBe(36)
  expect(labels.copy(region)).toEqual(values)
})

test('previews follow one another and leave no trace', () => {
  const labels = new Labels([4, 5, 3])
  labels.commit(region, values)
  const before = labels.data.slice()
  labels.preview({ low: [0, 0, 0], high: [2, 3, 1] }, new Uint8Array(6).fill(9))
  labels.preview({ low: [1, 1, 0], high: [4, 5, 3] }, new Uint8Array(36).fill(7))
  labels.restore()
  expect(labels.data).toEqual(before)
  labels.preview({ low: [0, 0, 0], high: [4, 5, 3] }, new Uint8Array(60).fill(9))
  labels.commit(region, values)
  expect(labels.data).toEqual(before)
})

test('slices of each plane, across fastest', () => {
  const shape: Index = [2, 3, 4]
  const data = Uint8Array.from({ length: 24 }, (_, n) => n)
  expect([...sliceOf(data, shape, PLANES[2], 1)]).toEqual([6, 7, 8, 9, 10, 11])
  expect([...sliceOf(data, shape, PLANES[1], 2)]).toEqual([4, 5, 10, 11, 16, 17, 22, 23])
  expect([...sliceOf(data, shape, PLANES[0], 1)]).toEqual([1, 3, 5, 7, 9, 11, 13, 15, 17, 19, 21, 23])
})

function frame(header: object, payload: Uint8Array): ArrayBuffer {
  const text = new TextEncoder().encode(JSON.stringify(header))
  const bytes = new Uint8Array(4 + text.length + payload.length)
  new DataView(bytes.buffer).setUint32(0, text.length, true)
  bytes.set(text, 4)
  bytes.set(payload, 4 + text.length)
  return bytes.buffer
}

test('a frame is read, packed or not', async () => {
  const packed = new Response(new Blob([values]).stream().pipeThrough(new CompressionStream('deflate')))
  const deflated = new Uint8Array(await packed.arrayBuffer())
  const header = { kind: 'update', region, dtype: 'uint8' }
  expect((await readFrame(frame({ ...header, codec: 'none' }, values))).values).toEqual(values)
  expect((await readFrame(frame({ ...header, codec: 'deflate' }, deflated))).values).toEqual(values)
})

test('a frame that is cut off, or too short for its region, is refused', async () => {
  const header = { kind: 'update', region, dtype: 'uint8', codec: 'none' }
  await expect(readFrame(frame(header, values.subarray(1)))).rejects.toThrow('8 voxels')
  await expect(readFrame(frame(header, values).slice(0, 20))).rejects.toThrow('cut off')
  await expect(readFrame(new ArrayBuffer(2))).rejects.toThrow('4 bytes')
})

test('outlines run around each object and join straight edges', () => {
  const slice = Uint8Array.from([0, 0, 0, 0, 0, 1, 1, 0, 0, 1, 1, 2, 0, 0, 0, 0])
  const found = outlines(slice, 4)
  const edges = (label: number) => {
    const flat = found.get(label)!
    return Array.from({ length: flat.length / 4 }, (_, n) => flat.slice(4 * n, 4 * n + 4).join()).sort()
  }
  expect(edges(1)).toEqual(['1,1,1,3', '1,1,3,1', '1,3,3,3', '3,1,3,3'])
  expect(edges(2)).toEqual(['3,2,3,3', '3,2,4,2', '3,3,4,3', '4,2,4,3'])
  expect(outlines(new Uint8Array(16), 4).size).toBe(0)
})

test('the surface of a ball is closed, looks outwards, and holds its volume', () => {
  const n = 24
  const ball = new Uint8Array(n ** 3)
  for (let k = 0, at = 0; k < n; k++)
    for (let j = 0; j < n; j++)
      for (let i = 0; i < n; i++, at++) {
        const d = Math.hypot(i - 11.5, j - 11.5, k - 11.5)
        if (d <= 9) ball[at] = 5
      }
  const { points, triangles } = surfaceOf(ball, { low: [0, 0, 0], high: [n, n, n] }, 5)
  const seen = new Map<string, number>()
  let volume = 0
  for (let t = 0; t < triangles.length; t += 3) {
    const [a, b, c] = [0, 1, 2].map((m) => points.subarray(3 * triangles[t + m], 3 * triangles[t + m] + 3))
    volume +=
      (a[0] * (b[1] * c[2] - b[2] * c[1]) - a[1] * (b[0] * c[2] - b[2] * c[0]) +
        a[2] * (b[0] * c[1] - b[1] * c[0])) / 6
    for (let m = 0; m < 3; m++) {
      const edge = `${triangles[t + m]} ${triangles[t + ((m + 1) % 3)]}`
      seen.set(edge, (seen.get(edge) ?? 0) + 1)
    }
  }
  for (const edge of seen.keys())
    expect(seen.get(edge)).toBe(seen.get(edge.split(' ').reverse().join(' ')))
  const voxels = ball.reduce((sum, value) => sum + (value ? 1 : 0), 0)
  expect(volume / voxels).toBeGreaterThan(0.85)
  expect(volume / voxels).toBeLessThan(1.02)
})

test('a NIfTI of 16 bits is read, another kind is refused', () => {
  const buffer = new ArrayBuffer(352 + 2 * 6)
  const view = new DataView(buffer)
  view.setInt32(0, 348, true)
  for (const [n, value] of [3, 3, 2, 1].entries()) view.setInt16(40 + 2 * n, value, true)
  view.setInt16(70, 4, true)
  view.setFloat32(108, 352, true)
  for (let n = 0; n < 6; n++) view.setInt16(352 + 2 * n, n - 3, true)
  const picture = readNifti(buffer)
  expect(picture.shape).toEqual([3, 2, 1])
  expect([...picture.data]).toEqual([-3, -2, -1, 0, 1, 2])
  view.setInt16(70, 64, true)
  expect(() => readNifti(buffer)).toThrow('type 64')
})
