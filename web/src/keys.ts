/** The keyboard: one table, which `?` shows. */

import { nextPlace } from './doubt'
import { PLANES, zoomed } from './grid'
import { runEdit } from './edits'
import * as pointer from './pointer'
import { nextPreset, resetWindow } from './presets'
import * as session from './session'
import * as store from './store'
import { lookAt, showWhole } from './tiles'
import { TOOLS, choose, resize } from './tools'
import { neighbour, setDone } from './worklist'
import type { Axis } from './wire'

export interface Key {
  keys: string[]
  group: string
  help: string
  /** Of the keys this one was pressed. */
  run: (key: string) => void
}

const flip = (signal: { value: boolean }) => () => {
  signal.value = !signal.value
}
const plane = (axis: Axis) => () =>
  store.batch(() => {
    store.large.value = axis
    store.layout.value = 'single'
  })
const axisHere = (): Axis => pointer.tileHere()?.plane.axis ?? store.large.value
const zoom = (factor: number) => () => {
  const tile = pointer.tileHere()
  if (!tile) return
  const at = store.pointer.value
  const { left, top, width, height } = tile.rectangle
  lookAt(tile.plane.axis, zoomed(tile, at ?? [left + width / 2, top + height / 2], factor))
}
const stepObject = (by: number) => () => {
  const numbers = store.session.value?.objects.map(({ number }) => number) ?? []
  if (!numbers.length) return
  const at = numbers.indexOf(store.active.value)
  store.active.value = numbers[(at + by + numbers.length) % numbers.length]
}

/** Take back the selected mark, or else the last that waits. */
function removeMark(): void {
  const id = store.selected.value
  if (id !== null) {
    store.selected.value = null
    void session.remove(id)
  } else store.drafts.value = store.drafts.value.slice(0, -1)
}

function escape(): void {
  if (store.dialog.value) store.dialog.value = null
  else if (pointer.stop()) return
  else if (store.task.value) store.task.value.stop()
  else if (store.busy.value) session.cancel()
  else store.batch(() => ((store.selected.value = null), (store.suggestion.value = null)))
}

export const toggleHidden = (number: number): void => {
  const { hidden } = store
  hidden.value = hidden.value.includes(number)
    ? hidden.value.filter((each) => each !== number)
    : [...hidden.value, number]
}
const stepChannel = (by: number) => () => {
  const count = store.session.value!.image.channels.length
  store.channel.value = (store.channel.value + by + count) % count
}
/** Larger or smaller by so much than now, for methods that read it. */
const adjust = (by: number) => () => {
  if (!store.reads('adjust')) return void store.say(`${store.method.value?.title} has no adjustment; paint, or choose another method.`)
  const last = store.placed.value[store.placed.value.length - 1]
  const amount = Math.round(100 * ((last?.kind === 'adjust' ? last.amount : 0) + by)) / 100
  void session.mark(store.active.value, [{ kind: 'adjust', amount: Math.min(Math.max(amount, -0.6), 0.6) }])
}
const WAYS: Record<string, [number, number]> = {
  ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, 1], ArrowDown: [0, -1],
}
const arrows = (held: string) => Object.keys(WAYS).map((name) => `${held}+${name}`)
const moveBy = (steps: number) => (key: string) => {
  const [right, up] = WAYS[key.slice(key.indexOf('+') + 1)]
  pointer.moveCrosshair(steps * right, steps * up)
}
const toMethod = () => document.querySelector<HTMLElement>('#method')?.focus()
const show = (dialog: string) => () => (store.dialog.value = dialog)
/** Which letters edit: the first of the tool's name, where that is free. */
const EDITS: [string, string, string][] = [
  ['L', 'largest', 'Keep the largest part'], ['F', 'fill', 'Fill holes'], ['S', 'smooth', 'Smooth'],
  ['G', 'grow', 'Grow'], ['T', 'shrink', 'Shrink (tighten)'], ['I', 'interpolate', 'Interpolate between slices'],
  ['C', 'copy', 'Copy to the next slice'],
]
const lock = () => {
  const item = store.item.value
  if (item) void session.describe(item.number, { locked: !item.locked })
}

export const KEYS: readonly Key[] = [
  ...TOOLS.map(({ key, title, help, name }) => ({
    keys: [key], group: 'Tools', help: `${title}: ${help}`, run: () => choose(name),
  })),
  { keys: ['x'], group: 'Tools', help: 'Change between inside (+) and outside (−); Shift does so for one mark', run: flip(store.inside) },
  { keys: ['['], group: 'Tools', help: 'Smaller brush', run: () => resize(0.8) },
  { keys: [']'], group: 'Tools', help: 'Larger brush', run: () => resize(1.25) },
  { keys: ['g'], group: 'Tools', help: 'Mark at the crosshair without a pointer: the pen down, or lifted', run: pointer.pen },
  { keys: ['7'], group: 'Tools', help: 'Adjust: smaller', run: adjust(-0.04) },
  { keys: ['8'], group: 'Tools', help: 'Adjust: larger', run: adjust(0.04) },
  { keys: ['/'], group: 'Tools', help: 'To the list of methods; Esc comes back', run: toMethod },
  { keys: ['q'], group: 'Tools', help: 'Batch: let marks wait', run: flip(store.batched) },
  { keys: ['Enter'], group: 'Tools', help: 'Run the marks that wait', run: () => void session.runBatch() },
  { keys: ['Delete', 'Backspace'], group: 'Tools', help: 'Remove the selected mark, or the last that waits', run: removeMark },
  { keys: ['Escape'], group: 'Tools', help: 'Stop drawing, close, or cancel what runs', run: escape },
  { keys: ['Ctrl+z', 'z'], group: 'Steps', help: 'Undo', run: () => void session.undo() },
  { keys: ['Ctrl+Z', 'Ctrl+y', 'Z'], group: 'Steps', help: 'Redo', run: () => void session.redo() },
  { keys: ['j'], group: 'Steps', help: 'Go to where a mark would help most', run: () => void nextPlace() },
  { keys: ['h'], group: 'Steps', help: 'Show doubt as heat', run: flip(store.heatShown) },
  ...EDITS.map(([key, name, help]) => ({ keys: [key], group: 'Edits', help, run: () => void runEdit(name) })),
  { keys: ['n'], group: 'Objects', help: 'New object', run: () => void session.newObject() },
  { keys: ['r'], group: 'Objects', help: 'Next object', run: stepObject(1) },
  { keys: ['R'], group: 'Objects', help: 'Previous object', run: stepObject(-1) },
  { keys: ['Ctrl+Delete', 'Ctrl+Backspace'], group: 'Objects', help: 'Delete the object', run: () => void session.deleteObject(store.active.value) },
  { keys: ['O'], group: 'Objects', help: 'Load a segmentation', run: show('segmentation') },
  { keys: ['u'], group: 'Objects', help: 'Show or hide the object', run: () => toggleHidden(store.active.value) },
  { keys: ['k'], group: 'Objects', help: 'Lock or unlock the object', run: lock },
  { keys: ['o'], group: 'Objects', help: 'Outlines on or off', run: flip(store.outlined) },
  { keys: ['a'], group: 'Objects', help: 'Less fill', run: () => (store.opacity.value = Math.max(0, store.opacity.value - 0.1)) },
  { keys: ['A'], group: 'Objects', help: 'More fill', run: () => (store.opacity.value = Math.min(1, store.opacity.value + 0.1)) },
  { keys: ['m'], group: 'Objects', help: 'Marks on or off', run: flip(store.marksShown) },
  { keys: arrows('Shift'), group: 'Looking', help: 'Move the crosshair in the plane, and the pen with it', run: moveBy(1) },
  { keys: arrows('Ctrl'), group: 'Looking', help: 'Move it ten voxels', run: moveBy(10) },
  { keys: ['ArrowUp', '.'], group: 'Looking', help: 'Next slice', run: () => pointer.scroll(axisHere(), 1) },
  { keys: ['ArrowDown', ','], group: 'Looking', help: 'Previous slice', run: () => pointer.scroll(axisHere(), -1) },
  { keys: ['PageUp'], group: 'Looking', help: 'Ten slices on', run: () => pointer.scroll(axisHere(), 10) },
  { keys: ['PageDown'], group: 'Looking', help: 'Ten slices back', run: () => pointer.scroll(axisHere(), -10) },
  ...([2, 1, 0] as Axis[]).map((axis, n) => ({
    keys: [String(n + 1)], group: 'Looking', help: `${PLANES[axis].name} plane, large`, run: plane(axis),
  })),
  { keys: ['4'], group: 'Looking', help: 'Three planes and 3D', run: () => (store.layout.value = 'planes') },
  { keys: ['5'], group: 'Looking', help: '3D, large', run: () => (store.layout.value = 'solid') },
  { keys: ['6'], group: 'Looking', help: 'Two channels side by side', run: () => (store.layout.value = 'compare') },
  { keys: ['+', '='], group: 'Looking', help: 'Zoom in (also Ctrl and wheel)', run: zoom(1.25) },
  { keys: ['-'], group: 'Looking', help: 'Zoom out', run: zoom(0.8) },
  { keys: ['f'], group: 'Looking', help: 'Fit the image', run: showWhole },
  { keys: ['i'], group: 'Looking', help: 'Smooth pixels, or sharp ones', run: flip(store.smoothed) },
  { keys: ['w'], group: 'Looking', help: 'Window as at the start', run: resetWindow },
  { keys: ['W'], group: 'Looking', help: 'Next window for CT', run: nextPreset },
  { keys: ['0'], group: 'Looking', help: 'Next channel', run: stepChannel(1) },
  { keys: ['9'], group: 'Looking', help: 'Previous channel', run: stepChannel(-1) },
  { keys: ['>'], group: 'Images', help: 'Next image of the work list', run: () => void neighbour(1) },
  { keys: ['<'], group: 'Images', help: 'Previous image', run: () => void neighbour(-1) },
  { keys: ['d'], group: 'Images', help: 'Done with this image, or not', run: () => void setDone() },
  { keys: ['e', 'Ctrl+s'], group: 'Images', help: 'Export', run: show('export') },
  { keys: ['M'], group: 'Images', help: 'Measures', run: show('measures') },
  { keys: ['?'], group: 'Images', help: 'This help', run: () => (store.dialog.value = store.dialog.value === 'help' ? null : 'help') },
]

function nameOf(event: KeyboardEvent): string {
  const control = event.ctrlKey || event.metaKey ? 'Ctrl+' : ''
  if (/^[a-z]$/i.test(event.key)) // whatever Caps Lock says
    return control + (event.shiftKey ? event.key.toUpperCase() : event.key.toLowerCase())
  const shift = event.shiftKey && event.key.startsWith('Arrow') ? 'Shift+' : ''
  return control + shift + event.key
}

const typing = (target: EventTarget | null): boolean =>
  target instanceof HTMLElement && target.matches('input:not([type=range], [type=checkbox]), select, textarea')

/** A slider, or the 3D view, has the arrows for itself. */
const moves = (target: EventTarget | null): boolean =>
  target instanceof HTMLElement && target.matches('input[type=range], #solid')

export function listenToKeys(): void {
  addEventListener('keydown', (event) => {
    if (event.key === ' ' && event.target === document.querySelector('#stage')) {
      pointer.state.space = true
      event.preventDefault()
      return
    }
    if (!store.session.value && event.key !== 'Escape' && event.key !== '?') return
    if (typing(event.target)) {
      if (event.key !== 'Escape') return
      if (!store.dialog.value) return document.querySelector<HTMLElement>('#stage')?.focus()
    }
    if (moves(event.target) && /^(Arrow|Page|Home|End)/.test(event.key)) return
    if (store.dialog.value && event.key !== 'Escape' && event.key !== '?') return
    if (event.altKey || (event.key === 'Enter' && event.target instanceof HTMLButtonElement)) return
    const name = nameOf(event)
    const key = KEYS.find(({ keys }) => keys.includes(name))
    if (!key) return
    event.preventDefault()
    key.run(name)
  })
  addEventListener('keyup', (event) => {
    if (event.key === ' ') pointer.state.space = false
  })
}
