/** Taking hold of marks that are there: which one is under the pointer, and dragging a box's edges. */

import { depthOf } from './layers'
import { fromScreen, toScreen, voxelToScreen, type Point, type Tile } from './grid'
import * as session from './session'
import * as store from './store'
import type { Gesture } from './gestures'
import type { Index, Placed, Prompt } from './wire'

const NEAR = 9
type PlacedBox = Extract<Placed, { kind: 'box' }>

/** The click of the active object under the pointer. */
export function clickAt(tile: Tile, [x, y]: Point): Extract<Placed, { kind: 'click' }> | null {
  for (const mark of [...store.placed.value].reverse()) {
    if (mark.kind !== 'click' || mark.at[tile.plane.axis] !== depthOf(tile.plane)) continue
    const [px, py] = voxelToScreen(tile, mark.at)
    if (Math.hypot(px - x, py - y) <= NEAR) return mark
  }
  return null
}

/** The mark of the active object under the pointer, of any kind. */
export function markAt(tile: Tile, point: Point): Placed | null {
  const click = clickAt(tile, point)
  if (click) return click
  const [across, up] = fromScreen(tile, point)
  const { plane } = tile
  for (const mark of [...store.placed.value].reverse()) {
    if (mark.kind === 'box' && edgesAt(tile, mark, point)) return mark
    if (mark.kind !== 'scribble') continue
    const { low, high } = mark.voxels
    const depth = depthOf(plane)
    const cell = [Math.floor(across), Math.floor(up)]
    if (
      depth >= low[plane.axis] && depth < high[plane.axis] &&
      cell[0] >= low[plane.across] - 1 && cell[0] <= high[plane.across] &&
      cell[1] >= low[plane.up] - 1 && cell[1] <= high[plane.up]
    )
      return mark
  }
  return null
}

interface Edges {
  across: 'low' | 'high' | null
  up: 'low' | 'high' | null
}

/** Which edges of a box are under the pointer. */
function edgesAt(tile: Tile, { low, high }: PlacedBox, [x, y]: Point): Edges | null {
  const { axis, across, up } = tile.plane
  const depth = depthOf(tile.plane)
  if (depth < low[axis] || depth >= high[axis]) return null
  const [x0, y0] = toScreen(tile, low[across], low[up])
  const [x1, y1] = toScreen(tile, high[across], high[up])
  if (x < x1 - NEAR || x > x0 + NEAR || y < y1 - NEAR || y > y0 + NEAR) return null
  const near = (a: number, b: number) => Math.abs(a - b) <= NEAR
  const found: Edges = {
    across: near(x, x0) ? 'low' : near(x, x1) ? 'high' : null,
    up: near(y, y0) ? 'low' : near(y, y1) ? 'high' : null,
  }
  return found.across || found.up ? found : null
}

/** Drag an edge or a corner of a box; null if there is none under the pointer. */
export function boxEdge(tile: Tile, start: Point): Gesture | null {
  const found = [...store.placed.value]
    .reverse()
    .flatMap((mark) => {
      const edges = mark.kind === 'box' ? edgesAt(tile, mark, start) : null
      return edges ? [{ mark: mark as PlacedBox, edges }] : []
    })[0]
  if (!found) return null
  const { mark, edges } = found
  const shape = store.session.value!.image.shape
  let prompt: Prompt | null = null
  store.selected.value = mark.id
  return {
    move: (point) => {
      const low = [...mark.low] as Index
      const high = [...mark.high] as Index
      const place = fromScreen(tile, point)
      for (const [side, axis, at] of [
        [edges.across, tile.plane.across, place[0]],
        [edges.up, tile.plane.up, place[1]],
      ] as const) {
        const edge = Math.min(Math.max(Math.round(at), 0), shape[axis])
        if (side === 'low') low[axis] = Math.min(edge, high[axis] - 1)
        if (side === 'high') high[axis] = Math.max(edge, low[axis] + 1)
      }
      prompt = { kind: 'box', low, high, axis: mark.axis }
      store.moved.value = { id: mark.id, prompt }
      session.preview(prompt, mark.id)
    },
    end: () => {
      if (prompt) void session.move(mark.id, prompt)
    },
    cancel: () => {
      store.moved.value = null
      session.putBack()
    },
  }
}
