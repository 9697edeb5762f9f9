/** Which planes are on the stage, where, and what part of them is seen. */

import { signal } from '@preact/signals'
import { PLANES, inRectangle, wholePlane, type Look, type Point, type Rectangle, type Tile } from './grid'
import * as store from './store'
import type { Axis, ImageInfo } from './wire'

/** Size of the stage in pixels of CSS. */
export const stage = signal({ width: 0, height: 0 })
const GAP = 2

/** Rectangles of the four quarters; the last is that of the 3D view. */
function quarters({ width, height }: { width: number; height: number }): Rectangle[] {
  const [w, h] = [(width - GAP) / 2, (height - GAP) / 2]
  const [right, below] = [w + GAP, h + GAP]
  return [
    { left: 0, top: 0, width: w, height: h },
    { left: right, top: 0, width: w, height: h },
    { left: 0, top: below, width: w, height: h },
    { left: right, top: below, width: w, height: h },
  ]
}

/** Where the 3D view is; null if it is not shown. */
export function solidRectangle(): Rectangle | null {
  const { layout } = store
  if (layout.value === 'planes') return quarters(stage.value)[3]
  if (layout.value !== 'solid') return null
  return { left: 0, top: 0, ...stage.value }
}

function tile(image: ImageInfo, axis: Axis, channel: number, rectangle: Rectangle): Tile {
  const plane = PLANES[axis]
  const whole = wholePlane(plane, image.shape, image.spacing, rectangle)
  const look: Look = store.looks.value[axis] ?? whole
  return { plane, channel, rectangle, look, spacing: image.spacing }
}

/** The tiles on the stage. */
export function tiles(): Tile[] {
  const image = store.session.value?.image
  const { width, height } = stage.value
  if (!image || !width || !height) return []
  const { layout, large, channel, beside } = store
  if (layout.value === 'solid') return []
  if (layout.value === 'planes') {
    const places = quarters(stage.value)
    const found = ([2, 0, 1] as Axis[]).map((axis, n) => tile(image, axis, channel.value, places[n]))
    const scale = Math.min(...found.map(({ look }) => look.scale))
    return found.map((each) =>
      store.looks.value[each.plane.axis] ? each : { ...each, look: { ...each.look, scale } },
    )
  }
  if (layout.value === 'single')
    return [tile(image, large.value, channel.value, { left: 0, top: 0, width, height })]
  const half = (width - GAP) / 2
  return [channel.value, beside.value].map((shown, n) =>
    tile(image, large.value, shown, { left: n * (half + GAP), top: 0, width: half, height }),
  )
}

export const tileAt = (point: Point): Tile | null =>
  tiles().find(({ rectangle }) => inRectangle(rectangle, point)) ?? null

/** Look at a part of a plane; a zoom is shared by all planes. */
export function lookAt(axis: Axis, look: Look): void {
  const found = store.looks.value.slice()
  const zoom = look.scale !== (found[axis]?.scale ?? NaN)
  found[axis] = look
  if (zoom && store.layout.value === 'planes')
    for (const { plane, look: other } of tiles())
      if (plane.axis !== axis) found[plane.axis] = { ...other, scale: look.scale }
  store.looks.value = found
}

export const showWhole = (): void => {
  store.looks.value = [null, null, null]
}
