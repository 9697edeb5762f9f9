/** The keyboard: one table, which `?` shows. */

import { nextPlace } from './doubt'
import { PLANES, zoomed } from './grid'
import * as pointer from './pointer'
import * as session from './session'
import * as store from './store'
import { lookAt, showWhole, tileAt, tiles } from './tiles'
import { TOOLS, choose, resize } from './tools'
import { neighbour, setDone } from './worklist'
import type { Axis } from './wire'

export interface Key {
  keys: string[]
  group: string
  help: string
  run: () => void
}

const flip = (signal: { value: boolean }) => () => {
  signal.value = !signal.value
}
const plane = (axis: Axis) => () =>
  store.batch(() => {
    store.large.value = axis
    store.layout.value = 'single'
  })
/** The axis under the pointer, or of the large plane. */
const axisHere = (): Axis => {
  const at = store.pointer.value
  return ((at && tileAt(at)) ?? tiles()[0])?.plane.axis ?? store.large.value
}
const zoom = (factor: number) => () => {
  const at = store.pointer.value
  const tile = (at && tileAt(at)) ?? tiles()[0]
  if (!tile) return
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
  else if (store.busy.value) session.cancel()
  else store.batch(() => ((store.selected.value = null), (store.suggestion.value = null)))
}

export const toggleHidden = (number: number): void => {
  const { hidden } = store
  hidden.value = hidden.value.includes(number)
    ? hidden.value.filter((each) => each !== number)
    : [...hidden.value, number]
}
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
  { keys: ['q'], group: 'Tools', help: 'Batch: let marks wait', run: flip(store.batched) },
  { keys: ['Enter'], group: 'Tools', help: 'Run the marks that wait', run: () => void session.runBatch() },
  { keys: ['Delete', 'Backspace'], group: 'Tools', help: 'Remove the selected mark, or the last that waits', run: removeMark },
  { keys: ['Escape'], group: 'Tools', help: 'Stop drawing, close, or cancel what runs', run: escape },
  { keys: ['Ctrl+z', 'z'], group: 'Steps', help: 'Undo', run: () => void session.undo() },
  { keys: ['Ctrl+Z', 'Ctrl+y', 'Z'], group: 'Steps', help: 'Redo', run: () => void session.redo() },
  { keys: ['j'], group: 'Steps', help: 'Go to where a mark would help most', run: () => void nextPlace() },
  { keys: ['h'], group: 'Steps', help: 'Show doubt as heat', run: flip(store.heatShown) },
  { keys: ['n'], group: 'Objects', help: 'New object', run: () => void session.newObject() },
  { keys: ['Tab'], group: 'Objects', help: 'Next object', run: stepObject(1) },
  { keys: ['Shift+Tab'], group: 'Objects', help: 'Previous object', run: stepObject(-1) },
  { keys: ['u'], group: 'Objects', help: 'Show or hide the object', run: () => toggleHidden(store.active.value) },
  { keys: ['k'], group: 'Objects', help: 'Lock or unlock the object', run: lock },
  { keys: ['o'], group: 'Objects', help: 'Outlines on or off', run: flip(store.outlined) },
  { keys: ['a'], group: 'Objects', help: 'Less fill', run: () => (store.opacity.value = Math.max(0, store.opacity.value - 0.1)) },
  { keys: ['A'], group: 'Objects', help: 'More fill', run: () => (store.opacity.value = Math.min(1, store.opacity.value + 0.1)) },
  { keys: ['m'], group: 'Objects', help: 'Marks on or off', run: flip(store.marksShown) },
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
  { keys: ['w'], group: 'Looking', help: 'Window as at the start', run: () => (store.windows.value = {}) },
  { keys: ['>'], group: 'Images', help: 'Next image of the work list', run: () => void neighbour(1) },
  { keys: ['<'], group: 'Images', help: 'Previous image', run: () => void neighbour(-1) },
  { keys: ['d'], group: 'Images', help: 'Done with this image, or not', run: () => void setDone() },
  { keys: ['e', 'Ctrl+s'], group: 'Images', help: 'Export', run: () => (store.dialog.value = 'export') },
  { keys: ['?'], group: 'Images', help: 'This help', run: () => (store.dialog.value = store.dialog.value === 'help' ? null : 'help') },
]

function nameOf(event: KeyboardEvent): string {
  const control = event.ctrlKey || event.metaKey ? 'Ctrl+' : ''
  const shift = event.shiftKey && event.key === 'Tab' ? 'Shift+' : ''
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
    if (typing(event.target) && event.key !== 'Escape') return
    if (moves(event.target) && /^(Arrow|Page|Home|End)/.test(event.key)) return
    if (store.dialog.value && event.key !== 'Escape' && event.key !== '?') return
    if (event.key === 'Tab' && event.target !== document.querySelector('#stage')) return
    if (event.altKey || (event.key === 'Enter' && event.target instanceof HTMLButtonElement)) return
    const name = nameOf(event)
    const key = KEYS.find(({ keys }) => keys.includes(name))
    if (!key) return
    event.preventDefault()
    key.run()
  })
  addEventListener('keyup', (event) => {
    if (event.key === ' ') pointer.state.space = false
  })
}
