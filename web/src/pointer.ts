/** The pointer on the stage: which gesture a press begins; wheel, hover and double click. */

import * as gestures from './gestures'
import { boxEdge, clickAt, markAt } from './grasp'
import { depthOf } from './layers'
import { voxelAt, voxelToScreen, zoomed, type Point, type Tile } from './grid'
import * as store from './store'
import { lookAt, tileAt, tiles } from './tiles'
import type { Gesture } from './gestures'
import type { Axis, Index } from './wire'

let gesture: Gesture | null = null
let swapped = false
/** Whether what is drawn follows the crosshair, moved by keys, and not the pointer. */
let penned = false

type Press = Pick<PointerEvent, 'button' | 'altKey' | 'shiftKey'>
const BY_KEY: Press = { button: 0, altKey: false, shiftKey: false }

export const state = { space: false }

/** Let the stage hear the pointer. */
export function listen(canvas: HTMLCanvasElement): void {
  const point = (event: MouseEvent): Point => {
    const { left, top } = canvas.getBoundingClientRect()
    return [event.clientX - left, event.clientY - top]
  }
  canvas.addEventListener('pointerdown', (event) => {
    const tile = tileAt(point(event))
    if (!tile || gesture) return
    canvas.focus()
    canvas.setPointerCapture(event.pointerId)
    gesture = begin(tile, point(event), event)
    event.preventDefault()
  })
  canvas.addEventListener('pointermove', (event) => {
    const at = point(event)
    if (penned) return hover(at)
    if (gesture) for (const each of event.getCoalescedEvents?.() ?? []) gesture.move(point(each))
    gesture?.move(at)
    hover(at)
  })
  canvas.addEventListener('pointerup', () => penned || finish((ended) => ended.end()))
  canvas.addEventListener('pointercancel', () => penned || finish((ended) => ended.cancel()))
  canvas.addEventListener('pointerleave', () => {
    store.hover.value = null
    store.pointer.value = null
  })
  canvas.addEventListener('contextmenu', (event) => event.preventDefault())
  canvas.addEventListener('dblclick', (event) => {
    const tile = tileAt(point(event))
    if (tile && store.tool.value === 'look') enlarge(tile)
  })
  canvas.addEventListener('wheel', (event) => wheel(event, point(event)), { passive: false })
}

/** Stop what is being drawn; whether anything was. */
export function stop(): boolean {
  const was = gesture !== null
  finish((ended) => ended.cancel())
  return was
}

function finish(how: (ended: Gesture) => void): void {
  const ended = gesture
  gesture = null
  penned = false
  if (ended) how(ended)
  if (swapped) store.inside.value = !store.inside.value
  swapped = false
}

function begin(tile: Tile, point: Point, event: Press): Gesture {
  if (event.button === 1 || state.space || event.altKey) return pan(tile, point)
  if (event.button === 2) return level(tile, point)
  const held = store.tool.value === 'look' || store.tool.value === 'click' ? markAt(tile, point) : null
  store.selected.value = held?.id ?? null
  swapped = event.shiftKey
  if (swapped) store.inside.value = !store.inside.value
  const inside = store.inside.value
  switch (store.tool.value) {
    case 'look': return gestures.look(tile, point)
    case 'box': return boxEdge(tile, point) ?? gestures.box(tile, point)
    case 'click': {
      const mark = clickAt(tile, point)
      return gestures.click(tile, point, mark?.id ?? null, mark?.inside ?? inside)
    }
    case 'scribble': return gestures.scribble(tile, point)
    case 'lasso': return gestures.lasso(tile, point)
    case 'paint': return gestures.paint(tile, point)
    case 'threshold': return gestures.threshold(tile, point)
  }
}

function pan(tile: Tile, start: Point): Gesture {
  const { look } = tile
  return {
    move: ([x, y]) =>
      lookAt(tile.plane.axis, {
        ...look,
        across: look.across + (x - start[0]) / look.scale,
        up: look.up + (y - start[1]) / look.scale,
      }),
    end: () => undefined,
    cancel: () => lookAt(tile.plane.axis, look),
  }
}

/** Right and left for width, up and down for level. */
function level({ channel }: Tile, start: Point): Gesture {
  const first = store.windowOf(channel)
  const [low, high] = first
  const gain = Math.max(high - low, 1e-6) / 300
  const set = (window: [number, number]) => {
    store.windows.value = { ...store.windows.value, [channel]: window }
  }
  return {
    move: ([x, y]) => {
      const width = Math.max((high - low) + 2 * (x - start[0]) * gain, gain)
      const centre = (low + high) / 2 + (y - start[1]) * gain
      set([centre - width / 2, centre + width / 2])
    },
    end: () => undefined,
    cancel: () => set(first),
  }
}

function enlarge(tile: Tile): void {
  store.batch(() => {
    if (store.layout.value === 'single' && store.session.value?.image.dims === 3)
      store.layout.value = 'planes'
    else if (store.layout.value === 'planes') {
      store.large.value = tile.plane.axis
      store.layout.value = 'single'
    }
    store.looks.value = [null, null, null]
  })
}

function hover(point: Point): void {
  const tile = tileAt(point)
  const shape = store.session.value?.image.shape
  store.hover.value = tile && shape ? voxelAt(tile, point, depthOf(tile.plane), shape) : null
  store.pointer.value = tile ? point : null
}

/** Pixels that a wheel turns at once, and a trackpad after a while: one slice. */
const NOTCH = 40
let turned = 0

function wheel(event: WheelEvent, point: Point): void {
  const tile = tileAt(point)
  const image = store.session.value?.image
  if (!tile || !image) return
  event.preventDefault()
  if (event.ctrlKey || event.metaKey || image.dims === 2) {
    lookAt(tile.plane.axis, zoomed(tile, point, Math.exp(-event.deltaY / 400)))
    return
  }
  const pixels = event.deltaMode ? event.deltaY * 40 : event.deltaY
  turned = Math.abs(pixels) < NOTCH ? turned + pixels : Math.sign(pixels) * NOTCH
  if (Math.abs(turned) < NOTCH) return
  scroll(tile.plane.axis, -Math.sign(turned))
  turned = 0
}

/** Go so many slices along an axis. */
export function scroll(axis: 0 | 1 | 2, steps: number): void {
  const image = store.session.value?.image
  if (!image) return
  const crosshair = [...store.crosshair.value] as typeof store.crosshair.value
  crosshair[axis] = Math.min(Math.max(crosshair[axis] + steps, 0), image.shape[axis] - 1)
  store.crosshair.value = crosshair
}

/** The plane that keys act in: under the pointer, or the first. */
export function tileHere(): Tile | null {
  const at = store.pointer.value
  return (at && tileAt(at)) ?? tiles()[0] ?? null
}

/** Put the pen down at the crosshair, or lift it: what is drawn is what the tool in use draws. */
export function pen(): void {
  if (gesture) return finish((ended) => ended.end())
  const tile = tileHere()
  if (!tile) return
  gesture = begin(tile, voxelToScreen(tile, store.crosshair.value), BY_KEY)
  penned = true
  if (store.tool.value === 'click' || store.tool.value === 'look') finish((ended) => ended.end())
}

/** Move the crosshair in the plane, so many voxels to the right and up on the screen. */
export function moveCrosshair(right: number, up: number): void {
  const tile = tileHere()
  const shape = store.session.value?.image.shape
  if (!tile || !shape) return
  const crosshair = [...store.crosshair.value] as Index
  const move = (axis: Axis, by: number) =>
    (crosshair[axis] = Math.min(Math.max(crosshair[axis] + by, 0), shape[axis] - 1))
  move(tile.plane.across, -right)
  move(tile.plane.up, up)
  store.crosshair.value = crosshair
  if (penned) gesture?.move(voxelToScreen(tile, crosshair))
}
