/** What happens between pressing and releasing the pointer: one gesture a tool. */

import { depthOf } from './layers'
import { fromScreen, nearestVoxel, placed, voxelAt, type Point, type Tile } from './grid'
import { Cells } from './runs'
import * as session from './session'
import * as store from './store'
import type { Index, Prompt } from './wire'

export interface Gesture {
  move: (point: Point) => void
  end: () => void
  cancel: () => void
}

const shape = (): Index => store.session.value!.image.shape
const FAR = 4

/** Place marks, or let them wait if there is a batch. */
export function place(prompt: Prompt): void {
  const own = prompt.kind === 'paint' || prompt.kind === 'given'
  if (store.batched.value && !own)
    store.drafts.value = [...store.drafts.value, { object: store.active.value, prompt }]
  else void session.mark(store.active.value, [prompt])
}

export function look(tile: Tile, start: Point): Gesture {
  const move = (point: Point) => {
    store.crosshair.value = nearestVoxel(tile, point, depthOf(tile.plane), shape())
  }
  move(start)
  return { move, end: () => undefined, cancel: () => undefined }
}

/** A new click, or one that is dragged: the outline follows. */
export function click(tile: Tile, start: Point, id: number | null, inside: boolean): Gesture {
  const depth = depthOf(tile.plane)
  let at = voxelAt(tile, start, depth, shape())
  let far = false
  const prompt = (): Prompt => ({ kind: 'click', at: at!, inside, axis: tile.plane.axis })
  return {
    move: (point) => {
      far ||= Math.hypot(point[0] - start[0], point[1] - start[1]) > FAR
      if (!far) return
      const now = nearestVoxel(tile, point, depth, shape())
      if (at && now.every((v, axis) => v === at![axis])) return
      at = now
      store.moved.value = { id: id ?? -1, prompt: prompt() }
      if (!store.batched.value || id !== null) session.preview(prompt(), id)
    },
    end: () => {
      if (id === null) store.moved.value = null
      if (!at) return
      store.crosshair.value = at
      if (id === null) place(prompt())
      else if (far) void session.move(id, prompt())
    },
    cancel: () => {
      store.moved.value = null
      session.putBack()
    },
  }
}

export function scribble(tile: Tile, start: Point): Gesture {
  const fine = Math.min(tile.spacing[tile.plane.across], tile.spacing[tile.plane.up])
  return stroke(tile, start, 0.8 * fine, (runs) =>
    place({ kind: 'scribble', voxels: runs, inside: store.inside.value, axis: tile.plane.axis }),
  )
}

export function paint(tile: Tile, start: Point): Gesture {
  return stroke(tile, start, store.brush.value / 2, (voxels) =>
    place({ kind: 'paint', voxels, inside: store.inside.value }),
  )
}

export function threshold(tile: Tile, start: Point): Gesture {
  return stroke(tile, start, store.brush.value / 2, (voxels) => {
    const [low, high] = store.range.value
    const inside = store.inside.value
    const channel = store.session.value!.image.rgb ? undefined : store.channel.value
    void session.edit('threshold', { voxels, low, high, channel, inside })
  })
}

type Runs = NonNullable<ReturnType<Cells['runs']>>

function stroke(tile: Tile, start: Point, radius: number, done: (runs: Runs) => void): Gesture {
  const depth = depthOf(tile.plane)
  const cells = new Cells(tile.plane.axis, depth, shape())
  let last = fromScreen(tile, start)
  const show = () => {
    const runs = cells.runs()
    store.trace.value = { axis: tile.plane.axis, depth, runs, lasso: [], box: [] }
  }
  cells.disk(last, radius, tile.spacing)
  show()
  return {
    move: (point) => {
      const now = fromScreen(tile, point)
      cells.stroke(last, now, radius, tile.spacing)
      last = now
      show()
    },
    end: () => {
      store.trace.value = null
      const runs = cells.runs()
      if (runs) done(runs)
    },
    cancel: () => {
      store.trace.value = null
    },
  }
}

export function lasso(tile: Tile, start: Point): Gesture {
  const depth = depthOf(tile.plane)
  const corners: Point[] = [fromScreen(tile, start)]
  const show = () => {
    store.trace.value = { axis: tile.plane.axis, depth, runs: null, lasso: [...corners], box: [] }
  }
  return {
    move: (point) => {
      corners.push(fromScreen(tile, point))
      show()
    },
    end: () => {
      store.trace.value = null
      const cells = new Cells(tile.plane.axis, depth, shape())
      cells.fill(corners)
      const voxels = cells.runs()
      if (!voxels) return
      const inside = store.inside.value
      if (store.lassoMarks.value && store.reads('scribble'))
        place({ kind: 'scribble', voxels, inside, axis: tile.plane.axis })
      else place({ kind: 'paint', voxels, inside })
    },
    cancel: () => {
      store.trace.value = null
    },
  }
}

/** A new box. In 3D it is as deep as it is wide, unless it is for this slice alone. */
export function box(tile: Tile, start: Point): Gesture {
  const { plane, spacing } = tile
  const depth = depthOf(plane)
  const corner = fromScreen(tile, start)
  let other = corner
  const ends = (): [Index, Index] | null => {
    const size = shape()
    const low = [Math.min(corner[0], other[0]), Math.min(corner[1], other[1])]
    const high = [Math.max(corner[0], other[0]), Math.max(corner[1], other[1])]
    const from = placed(plane, Math.floor(low[0]), Math.floor(low[1]), depth)
    const to = placed(plane, Math.ceil(high[0]), Math.ceil(high[1]), depth + 1)
    if (store.session.value!.dims === 3 && !store.flat.value && size[plane.axis] > 1) {
      const wide = (high[0] - low[0]) * spacing[plane.across]
      const tall = (high[1] - low[1]) * spacing[plane.up]
      const half = Math.round((wide + tall) / 4 / spacing[plane.axis])
      from[plane.axis] -= half
      to[plane.axis] += half
    }
    const clipped = [0, 1, 2].map((a) => [Math.max(0, from[a]), Math.min(size[a], to[a])])
    if (clipped.some(([a, b]) => a >= b)) return null
    return [clipped.map(([a]) => a) as Index, clipped.map(([, b]) => b) as Index]
  }
  return {
    move: (point) => {
      other = fromScreen(tile, point)
      const found = ends()
      const corners = found?.map((i): Point => [i[plane.across], i[plane.up]]) ?? []
      store.trace.value = { axis: plane.axis, depth, runs: null, lasso: [], box: corners }
    },
    end: () => {
      const drawn = store.trace.value !== null
      store.trace.value = null
      const found = ends()
      if (drawn && found)
        place({ kind: 'box', low: found[0], high: found[1], axis: plane.axis })
    },
    cancel: () => {
      store.trace.value = null
    },
  }
}
