/** Slices as pixels: intensities through a window, labels in their colours, doubt as heat. */

import type { Picture } from './nifti'
import { sliceOf } from './labels'
import { sizeOf, type Plane } from './grid'
import type { Region } from './wire'

export type Rgb = [number, number, number]

export const rgb = (hex: string): Rgb => [1, 3, 5].map((n) => parseInt(hex.slice(n, n + 2), 16)) as Rgb

/** A slice of an image as opaque pixels, dark at the low end of the window. */
export function greys(
  picture: Picture, plane: Plane, depth: number, [low, high]: [number, number],
): ImageData {
  const { shape, data, samples } = picture
  const [width, height] = [shape[plane.across], shape[plane.up]]
  const out = new ImageData(width, height)
  const pixels = new Uint32Array(out.data.buffer)
  if (samples === 3) return colours(picture, plane, depth, out)
  const slice = sliceOf(data, shape, plane, depth)
  const gain = 255 / Math.max(high - low, 1e-9)
  for (let n = 0; n < slice.length; n++) {
    const level = (slice[n] - low) * gain
    const grey = level <= 0 ? 0 : level >= 255 ? 255 : (level + 0.5) | 0
    pixels[n] = 0xff000000 | (grey * 0x010101)
  }
  return out
}

function colours({ shape, data }: Picture, plane: Plane, depth: number, out: ImageData): ImageData {
  const steps = [1, shape[0], shape[0] * shape[1]]
  for (let v = 0, n = 0; v < out.height; v++)
    for (let u = 0; u < out.width; u++, n += 4) {
      const at = 3 * (u * steps[plane.across] + v * steps[plane.up] + depth * steps[plane.axis])
      out.data.set([data[at], data[at + 1], data[at + 2], 255], n)
    }
  return out
}

/** A slice of labels as pixels: each object in its colour, clear where there is none. */
export function fills(
  slice: Uint8Array, width: number, tints: ReadonlyMap<number, Rgb>, opacity: number,
): ImageData {
  const out = new ImageData(width, slice.length / width)
  const pixels = new Uint32Array(out.data.buffer)
  const table = new Uint32Array(256)
  const alpha = Math.round(255 * opacity) << 24
  for (const [number, [r, g, b]] of tints) table[number] = (alpha | (b << 16) | (g << 8) | r) >>> 0
  for (let n = 0; n < slice.length; n++) pixels[n] = table[slice[n]]
  return out
}

/** The colour of a doubt from 0 to 1, as CSS counts: its opacity is from 0 to 1 too. */
export const warm = (doubt: number): [number, number, number, number] =>
  [255, Math.round(60 + 195 * doubt), Math.round(90 * doubt), 0.84 * doubt]

/** Where a probability is in doubt, as heat: clear at 0 and 1, bright yellow at one half. */
export function heats(
  values: Uint8Array, region: Region, plane: Plane, depth: number,
): { pixels: ImageData; across: number; up: number } | null {
  const { low, high } = region
  if (depth < low[plane.axis] || depth >= high[plane.axis]) return null
  const size = sizeOf(region)
  const slice = sliceOf(values, size, plane, depth - low[plane.axis])
  const pixels = new ImageData(size[plane.across], size[plane.up])
  slice.forEach((value, n) => {
    const p = value / 255
    const doubt = 4 * p * (1 - p)
    const [red, green, blue, alpha] = warm(doubt)
    pixels.data.set([red, green, blue, Math.round(255 * alpha)], 4 * n)
  })
  return { pixels, across: low[plane.across], up: low[plane.up] }
}
