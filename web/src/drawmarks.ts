/** Draws the user's marks in a slice: green with a plus is inside, orange with a minus outside. */

import { depthOf } from './layers'
import { inRectangle, toScreen, voxelToScreen, type Point, type Tile } from './grid'
import { inSlice } from './runs'
import * as store from './store'
import type { Placed, Prompt, Region, Runs } from './wire'

type Context = CanvasRenderingContext2D
const INSIDE = '#5dfc8a'
const OUTSIDE = '#ff9040'
const BOX = '#7cc7ff'

export function drawMarks(context: Context, tile: Tile): void {
  if (store.marksShown.value) {
    const moved = store.moved.value
    for (const mark of store.placed.value)
      if (mark.id !== moved?.id) draw(context, tile, mark, false, mark.id === store.selected.value)
    if (moved) draw(context, tile, moved.prompt, true, true)
  }
  for (const { prompt } of store.drafts.value) draw(context, tile, prompt, true, false)
  for (const { prompt } of store.pending.value) draw(context, tile, prompt, true, false)
  trace(context, tile)
  next(context, tile)
  brush(context, tile)
}

function draw(context: Context, tile: Tile, mark: Placed | Prompt, draft: boolean, chosen: boolean): void {
  if (mark.kind === 'click') click(context, tile, mark, draft, chosen)
  else if (mark.kind === 'box') box(context, tile, mark, chosen)
  else if (mark.kind === 'scribble' || (mark.kind === 'paint' && 'voxels' in mark))
    cells(context, tile, mark.voxels, mark.inside ? INSIDE : OUTSIDE, draft || chosen)
}

type Click = Extract<Prompt, { kind: 'click' }>

function click(context: Context, tile: Tile, { at, inside }: Click, draft: boolean, chosen: boolean): void {
  const away = Math.abs(at[tile.plane.axis] - depthOf(tile.plane))
  if (away > 2) return
  const [x, y] = voxelToScreen(tile, at)
  const size = away ? 4 : 7
  context.globalAlpha = away ? 0.5 : 1
  context.beginPath()
  context.arc(x, y, size, 0, 2 * Math.PI)
  context.fillStyle = draft ? 'rgba(0,0,0,.55)' : inside ? INSIDE : OUTSIDE
  context.fill()
  context.lineWidth = chosen ? 3 : 1.5
  context.strokeStyle = chosen ? '#fff' : draft ? (inside ? INSIDE : OUTSIDE) : '#000'
  context.stroke()
  if (!away) {
    context.strokeStyle = draft ? (inside ? INSIDE : OUTSIDE) : '#000'
    context.lineWidth = 1.8
    context.beginPath()
    context.moveTo(x - 3.5, y)
    context.lineTo(x + 3.5, y)
    if (inside) {
      context.moveTo(x, y - 3.5)
      context.lineTo(x, y + 3.5)
    }
    context.stroke()
  }
  context.globalAlpha = 1
}

function box(context: Context, tile: Tile, { low, high }: Region, chosen: boolean): void {
  const { axis, across, up } = tile.plane
  const depth = depthOf(tile.plane)
  if (depth < low[axis] || depth >= high[axis]) return
  rectangle(context, tile, [low[across], low[up]], [high[across], high[up]], chosen)
}

function rectangle(context: Context, tile: Tile, a: Point, b: Point, chosen: boolean): void {
  const [x0, y0] = toScreen(tile, ...a)
  const [x1, y1] = toScreen(tile, ...b)
  for (const [colour, width] of [['rgba(0,0,0,.6)', 3.5], [chosen ? '#fff' : BOX, 1.5]] as const) {
    context.strokeStyle = colour
    context.lineWidth = width
    context.setLineDash(width < 2 ? [7, 4] : [])
    context.strokeRect(Math.min(x0, x1), Math.min(y0, y1), Math.abs(x1 - x0), Math.abs(y1 - y0))
  }
  context.setLineDash([])
}

function cells(context: Context, tile: Tile, runs: Runs, colour: string, strong: boolean): void {
  context.fillStyle = colour
  context.globalAlpha = strong ? 0.9 : 0.75
  context.beginPath()
  for (const [across, up] of inSlice(runs, tile.plane, depthOf(tile.plane))) {
    const [x, y] = toScreen(tile, across + 1, up + 1)
    const [x1, y1] = toScreen(tile, across, up)
    context.rect(x, y, x1 - x, y1 - y)
  }
  context.fill()
  context.globalAlpha = 1
}

/** What is being drawn at this moment. */
function trace(context: Context, tile: Tile): void {
  const drawn = store.trace.value
  if (!drawn || drawn.axis !== tile.plane.axis || drawn.depth !== depthOf(tile.plane)) return
  const colour = store.inside.value ? INSIDE : OUTSIDE
  if (drawn.runs) cells(context, tile, drawn.runs, colour, true)
  if (drawn.box.length === 2) rectangle(context, tile, drawn.box[0], drawn.box[1], true)
  if (drawn.lasso.length > 1) {
    context.beginPath()
    drawn.lasso.forEach((point) => context.lineTo(...toScreen(tile, ...point)))
    context.closePath()
    context.lineWidth = 2
    context.strokeStyle = colour
    context.setLineDash([5, 3])
    context.stroke()
    context.setLineDash([])
  }
}

/** Where to mark next. */
function next(context: Context, tile: Tile): void {
  const at = store.suggestion.value?.at
  if (!at || at[tile.plane.axis] !== depthOf(tile.plane)) return
  const [x, y] = voxelToScreen(tile, at)
  context.lineWidth = 2.5
  for (const [radius, colour] of [[13.5, '#000'], [11, '#5ee7ff'], [17, 'rgba(94,231,255,.6)']] as const) {
    context.strokeStyle = colour
    context.beginPath()
    context.arc(x, y, radius, 0, 2 * Math.PI)
    context.stroke()
  }
}

/** The brush around the pointer. */
function brush(context: Context, { rectangle, look }: Tile): void {
  const at = store.cursor.value
  if (!at || !inRectangle(rectangle, at)) return
  context.lineWidth = 1.5
  context.strokeStyle = store.inside.value ? INSIDE : OUTSIDE
  context.beginPath()
  context.arc(...at, Math.max(2, (store.brush.value / 2) * look.scale), 0, 2 * Math.PI)
  context.stroke()
}
