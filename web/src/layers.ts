/** The layers of a slice as small canvases and paths, kept until what they show changes. */

import { outlines } from './contour'
import type { Plane, Tile } from './grid'
import * as pictures from './pictures'
import * as store from './store'
import { fills, greys, heats, rgb, type Rgb } from './tint'

interface Layer {
  key: string
  canvas: HTMLCanvasElement
}

const kept = new Map<string, Layer>()
const contours = new Map<string, { key: string; paths: Map<number, number[]> }>()

export const depthOf = (plane: Plane): number => store.crosshair.value[plane.axis]

function layer(name: string, key: string, paint: () => ImageData): HTMLCanvasElement {
  const found = kept.get(name)
  if (found?.key === key) return found.canvas
  const pixels = paint()
  const canvas = found?.canvas ?? document.createElement('canvas')
  if (canvas.width !== pixels.width || canvas.height !== pixels.height) {
    canvas.width = pixels.width
    canvas.height = pixels.height
  }
  canvas.getContext('2d')!.putImageData(pixels, 0, 0)
  kept.set(name, { key, canvas })
  return canvas
}

/** The image in a tile's slice; null while it is on its way. */
export function imageLayer({ plane, channel }: Tile): HTMLCanvasElement | null {
  const picture = pictures.picture(channel)
  if (!picture) {
    void pictures.want(channel)
    return null
  }
  const window = store.windowOf(channel)
  const depth = depthOf(plane)
  const key = `${store.session.value!.id} ${channel} ${depth} ${window}`
  return layer(`image ${plane.axis} ${channel}`, key, () => greys(picture, plane, depth, window))
}

/** Colours of the objects that are shown. */
function tints(): Map<number, Rgb> {
  const shown = store.session.value!.objects.filter((o) => !store.hidden.value.includes(o.number))
  return new Map(shown.map(({ number, colour }) => [number, rgb(colour)]))
}

export function fillLayer({ plane }: Tile): HTMLCanvasElement | null {
  const labels = store.labels.value
  const found = tints()
  if (!labels || !found.size || store.opacity.value <= 0) return null
  const depth = depthOf(plane)
  const key = `${store.session.value!.id} ${labels.version} ${depth} ${store.opacity.value} ${[...found]}`
  return layer(`fill ${plane.axis}`, key, () =>
    fills(labels.slice(plane, depth), labels.shape[plane.across], found, store.opacity.value),
  )
}

/** For each object that is shown, its outline in a tile's slice. */
export function contourLayer({ plane }: Tile): Map<number, number[]> {
  const labels = store.labels.value
  if (!labels || !store.outlined.value) return new Map()
  const depth = depthOf(plane)
  const key = `${store.session.value!.id} ${labels.version} ${depth}`
  const name = String(plane.axis)
  const found = contours.get(name)
  if (found?.key === key) return found.paths
  const paths = outlines(labels.slice(plane, depth), labels.shape[plane.across])
  contours.set(name, { key, paths })
  return paths
}

/** Doubt in a tile's slice, and its corner in voxels. */
export function heatLayer({ plane }: Tile): { canvas: HTMLCanvasElement; across: number; up: number } | null {
  const found = store.heat.value
  if (!found || !store.heatShown.value) return null
  const made = heats(found.values, found.region, plane, depthOf(plane))
  if (!made) return null
  const canvas = document.createElement('canvas')
  canvas.width = made.pixels.width
  canvas.height = made.pixels.height
  canvas.getContext('2d')!.putImageData(made.pixels, 0, 0)
  return { canvas, across: made.across, up: made.up }
}

export function forgetLayers(): void {
  kept.clear()
  contours.clear()
}
