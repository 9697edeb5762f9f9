/** Draws the stage: image, masks, doubt, marks, crosshair and labels of each tile. */

import { contourLayer, depthOf, fillLayer, heatLayer, imageLayer } from './layers'
import { drawMarks } from './drawmarks'
import { toScreen, voxelToScreen, type Tile } from './grid'
import { tiles } from './tiles'
import * as store from './store'
import { warm } from './tint'

type Context = CanvasRenderingContext2D

/** Draw all tiles; the context counts in pixels of CSS. */
export function paintStage(context: Context, width: number, height: number): void {
  context.fillStyle = '#000'
  context.fillRect(0, 0, width, height)
  for (const tile of tiles()) {
    const { left, top, width: w, height: h } = tile.rectangle
    context.save()
    context.beginPath()
    context.rect(left, top, w, h)
    context.clip()
    paintTile(context, tile)
    context.restore()
  }
}

function paintTile(context: Context, tile: Tile): void {
  const image = imageLayer(tile)
  if (!image) return words(context, tile, 'Loading …')
  context.imageSmoothingEnabled = store.smoothed.value
  const zoom = tile.look.scale * tile.spacing[tile.plane.across]
  context.imageSmoothingQuality = zoom < 1 ? 'medium' : 'low'
  spread(context, tile, image, 0, 0)
  context.imageSmoothingEnabled = false
  const doubt = heatLayer(tile)
  const fill = doubt ? null : fillLayer(tile)
  if (fill) spread(context, tile, fill, 0, 0)
  if (doubt) spread(context, tile, doubt.canvas, doubt.across, doubt.up)
  edges(context, tile)
  crosshair(context, tile)
  drawMarks(context, tile)
  labels(context, tile)
  ruler(context, tile)
  if (store.heatShown.value && tile.plane === tiles()[0].plane) legend(context, tile)
}

/** Put pixels of a slice where they lie; both axes of the screen run against the grid's. */
function spread(context: Context, tile: Tile, canvas: HTMLCanvasElement, across: number, up: number): void {
  const [x0, y0] = toScreen(tile, across, up)
  const [x1, y1] = toScreen(tile, across + canvas.width, up + canvas.height)
  context.save()
  context.translate(x0, y0)
  context.scale(-1, -1)
  context.drawImage(canvas, 0, 0, x0 - x1, y0 - y1)
  context.restore()
}

function edges(context: Context, tile: Tile): void {
  const session = store.session.value!
  const hidden = store.hidden.value
  for (const [number, found] of contourLayer(tile)) {
    const item = session.objects.find((each) => each.number === number)
    if (!item || hidden.includes(number)) continue
    context.beginPath()
    for (let n = 0; n < found.length; n += 4) {
      context.moveTo(...toScreen(tile, found[n], found[n + 1]))
      context.lineTo(...toScreen(tile, found[n + 2], found[n + 3]))
    }
    context.lineCap = 'square'
    context.strokeStyle = item.colour
    context.lineWidth = number === store.active.value ? 2 : 1.25
    context.stroke()
  }
}

function crosshair(context: Context, tile: Tile): void {
  if (store.session.value!.image.dims === 2) return
  const { left, top, width, height } = tile.rectangle
  const [x, y] = voxelToScreen(tile, store.crosshair.value).map((v) => Math.round(v) + 0.5)
  const gap = 14
  context.strokeStyle = 'rgba(120, 190, 255, 0.55)'
  context.lineWidth = 1
  context.beginPath()
  context.moveTo(left, y)
  context.lineTo(x - gap, y)
  context.moveTo(x + gap, y)
  context.lineTo(left + width, y)
  context.moveTo(x, top)
  context.lineTo(x, y - gap)
  context.moveTo(x, y + gap)
  context.lineTo(x, top + height)
  context.stroke()
}

function text(context: Context, words: string, x: number, y: number, align: CanvasTextAlign): void {
  context.textAlign = align
  context.lineWidth = 3
  context.lineJoin = 'round'
  context.strokeStyle = 'rgba(0, 0, 0, 0.85)'
  context.strokeText(words, x, y)
  context.fillText(words, x, y)
}

function labels(context: Context, tile: Tile): void {
  const { left, top, width, height } = tile.rectangle
  const { image } = store.session.value!
  context.textBaseline = 'middle'
  if (store.oriented.value) {
    context.font = '600 13px system-ui, sans-serif'
    context.fillStyle = '#ffd479'
    const [a, b, c, d] = tile.plane.letters
    text(context, a, left + 8, top + height / 2, 'left')
    text(context, b, left + width - 8, top + height / 2, 'right')
    text(context, c, left + width / 2, top + 12, 'center')
    text(context, d, left + width / 2, top + height - 12, 'center')
  }
  context.font = '12px system-ui, sans-serif'
  context.fillStyle = '#d5dde8'
  const slice = image.dims === 3 ? `  ${depthOf(tile.plane) + 1} / ${image.shape[tile.plane.axis]}` : ''
  const name = store.oriented.value ? tile.plane.name : 'Picture'
  text(context, `${name}${slice}`, left + 8, top + 14, 'left')
  if (image.channels.length > 1 && !image.rgb)
    text(context, image.channels[tile.channel], left + width - 8, top + 14, 'right')
}

function ruler(context: Context, { rectangle, look }: Tile): void {
  const { left, top, width, height } = rectangle
  const aim = (width / 5) / look.scale
  const power = 10 ** Math.floor(Math.log10(aim))
  const length = [5, 2, 1].map((n) => n * power).find((mm) => mm <= aim) ?? power
  const [x, y] = [left + 12, top + height - 14]
  for (const [colour, line] of [['rgba(0,0,0,.85)', 4], ['#d5dde8', 1.5]] as const) {
    context.strokeStyle = colour
    context.lineWidth = line
    context.beginPath()
    context.moveTo(x, y - 4)
    context.lineTo(x, y)
    context.lineTo(x + length * look.scale, y)
    context.lineTo(x + length * look.scale, y - 4)
    context.stroke()
  }
  context.font = '11px system-ui, sans-serif'
  context.fillStyle = '#d5dde8'
  text(context, `${length} ${store.unit.value}`, x + length * look.scale + 6, y - 2, 'left')
}

/** What the colours of doubt say. */
function legend(context: Context, { rectangle: r }: Tile): void {
  context.font = '12px system-ui, sans-serif'
  context.fillStyle = '#d5dde8'
  const [x, y] = [r.left + r.width - 12, r.top + r.height - 16]
  const heat = store.heat.value
  if (!heat?.some) return text(context, heat ? 'No doubt anywhere' : 'No doubt to show yet', x, y, 'right')
  text(context, 'unsure', x, y, 'right')
  const [right, width] = [x - 50, 70]
  const colours = context.createLinearGradient(right - width, 0, right, 0)
  for (const doubt of [0, 0.25, 0.5, 0.75, 1]) colours.addColorStop(doubt, `rgba(${warm(doubt).join()})`)
  context.fillStyle = '#000a'
  context.fillRect(right - width - 1, y - 6, width + 2, 12)
  context.fillStyle = colours
  context.fillRect(right - width, y - 5, width, 10)
  context.fillStyle = '#d5dde8'
  text(context, 'sure', right - width - 8, y, 'right')
}

function words(context: Context, { rectangle: r }: Tile, said: string): void {
  context.font = '14px system-ui, sans-serif'
  context.fillStyle = '#d5dde8'
  context.textAlign = 'center'
  context.fillText(said, r.left + r.width / 2, r.top + r.height / 2)
}
