/** The open session: what the user asks of it, one thing after another, and what comes back. */

import { countOf } from './grid'
import { Labels } from './labels'
import { Live } from './live'
import type { Frame } from './frame'
import * as pictures from './pictures'
import * as server from './server'
import * as store from './store'
import type { Tell } from './task'
import { bringBack, stopKeeping } from './view'
import type { Asked, Fields, FrameHeader, Item, Prompt, State, Told } from './wire'

let live: Live | null = null
let queue: Promise<unknown> = Promise.resolve()

/** Show a session. */
export async function show(state: State, signal: AbortSignal, tell: Tell): Promise<void> {
  store.between.value = store.session.value !== null
  leave()
  try {
    const found = new Labels(state.image.shape)
    const [frame] = await Promise.all([server.labels(state.id, signal), pictures.begin(state, signal, tell)])
    found.reset(frame.header.region, frame.values)
    const { shape, spacing, dims, slice_axis, channels } = state.image
    const first = Object.keys(state.view).length === 0
    store.batch(() => {
      bringBack(state.id, state.view)
      store.labels.value = found
      store.session.value = state
      if (first) {
        store.crosshair.value = shape.map((n) => Math.floor(n / 2)) as State['image']['shape']
        store.large.value = slice_axis
        store.beside.value = Math.min(1, channels.length - 1)
        store.active.value = state.objects[0]?.number ?? 1
      }
      if (dims === 2) {
        store.large.value = slice_axis
        if (store.layout.value === 'planes') store.layout.value = 'single'
      }
      if (first) {
        store.range.value = store.windowOf(store.channel.value)
        store.brush.value = 6 * Math.min(...spacing)
      }
    })
    location.hash = `/session/${state.id}`
    document.title = `${state.title} · delineate`
    live = new Live(state.id, { told, frame: shown, connected })
    store.labelsVersion.value++
    askAboutInterrupted()
  } catch (error) {
    location.hash = ''
    throw error
  } finally {
    store.between.value = false
  }
}

/** Close the session that is shown; the server keeps it. */
export function leave(): void {
  stopKeeping()
  live?.close()
  live = null
  pictures.end()
  store.batch(() => {
    store.session.value = null
    store.labels.value = null
    store.pending.value = []
    store.heat.value = null
    store.suggestion.value = null
    store.selected.value = null
    store.busy.value = null
  })
  document.title = 'delineate'
}

/** Resolves once everything that was asked is answered. */
export const settled = (): Promise<unknown> => queue

/** Ask for a change and take it over; after everything that was asked before. Null: there is nothing to ask. */
export function change(asking: (id: string) => Promise<Frame> | null): Promise<boolean> {
  const asked = store.session.value?.id
  if (!asked) return Promise.resolve(false)
  const turn = queue.then(async () => {
    if (store.session.value?.id !== asked) return false
    try {
      const frame = await asking(asked)
      if (!frame || store.session.value?.id !== asked) return false
      accept(frame)
      return true
    } catch (error) {
      putBack()
      if (error instanceof DOMException && error.name === 'AbortError') void again()
      else if (error instanceof server.Refusal && error.failure.kind === 'Cancelled')
        store.say('Stopped; nothing has changed.')
      else store.fail(error)
      return false
    }
  })
  queue = turn
  return turn
}

/** Place marks on an object, in one step. */
export function mark(object: number, prompts: Prompt[]): Promise<boolean> {
  const drafts = prompts.map((prompt) => ({ object, prompt }))
  store.pending.value = [...store.pending.value, ...drafts]
  performance.mark('mark-released')
  return change((id) => server.add(id, object, prompts)).finally(() => {
    store.pending.value = store.pending.value.filter((each) => !drafts.includes(each))
  })
}

export const move = (id: number, prompt: Prompt): Promise<boolean> => {
  performance.mark('mark-released')
  return change((session) => server.replace(session, id, prompt)).finally(() => {
    store.moved.value = null
  })
}
export const remove = (id: number) => change((session) => server.remove(session, id))
export const undo = () =>
  travel((id) => (past() ? server.undo(id) : store.say('There is nothing to undo.')))
export const redo = () =>
  travel((id) => (past() < steps() ? server.redo(id) : store.say('There is nothing to redo.')))
const past = () => store.session.value!.history.done
const steps = () => store.session.value!.history.steps.length
export const goto = (done: number) => travel((id) => server.goto(id, done))
export const describe = (number: number, said: Partial<Pick<Item, 'name' | 'colour' | 'locked'>>) =>
  change((id) => server.describe(id, number, said))
export const edit = (tool: string, values: object) =>
  change((id) => server.edit(id, store.active.value, tool, values))

/** Ask anew for what the server did not answer before it stopped. */
export function askAgain({ action, object, prompt, prompts = [], edit }: Asked): Promise<boolean> {
  const [first] = prompts
  if (action === 'prompts' && object && first) return mark(object, prompts)
  if (action === 'replace' && prompt && first) return move(prompt, first)
  if (action === 'remove' && prompt) return remove(prompt)
  if (action === 'edits' && object && edit)
    return change((id) => server.edit(id, object, edit.tool, edit))
  store.say(`${action} cannot be sent again; do it once more.`)
  return Promise.resolve(false)
}

/** Go through the history; the method may be another there. */
async function travel(asking: (id: string) => Promise<Frame> | null): Promise<void> {
  await change(asking)
  const steps = store.session.value?.history.steps ?? []
  if (steps.some(({ name }) => name.startsWith('use '))) await again(false)
}

export async function newObject(): Promise<void> {
  const before = store.session.value?.objects.map(({ number }) => number) ?? []
  if (!(await change((id) => server.newObject(id, {})))) return
  const added = store.session.value?.objects.find(({ number }) => !before.includes(number))
  if (added) store.active.value = added.number
}

export async function deleteObject(number: number): Promise<void> {
  if (store.session.value?.objects.find((each) => each.number === number)?.locked)
    return void store.say('The object is locked; unlock it first (K).')
  await change((id) => server.deleteObject(id, number))
  const left = store.session.value?.objects ?? []
  if (left.length && !store.item.value) store.active.value = left[0].number
}

/** Go on with another method; says what is wrong with its values, if anything. */
export async function useMethod(name: string, fields: Fields, dims?: number): Promise<void> {
  await change(async (id) => {
    try {
      const frame = await server.useMethod(id, name, fields, dims)
      const now = store.session.value
      if (now) store.session.value = { ...now, method: { name, fields }, dims: dims === 2 ? 2 : now.dims }
      store.tunings.value = { text: '', ok: true }
      return frame
    } catch (error) {
      store.tunings.value = { text: error instanceof Error ? error.message : '', ok: false }
      throw error
    }
  })
  await again(false)
}

/** Send the marks that wait in a batch: one step an object. */
export async function runBatch(): Promise<void> {
  const waiting = store.drafts.value
  store.drafts.value = []
  for (const object of new Set(waiting.map((draft) => draft.object))) {
    const own = waiting.filter((draft) => draft.object === object)
    if (!(await mark(object, own.map(({ prompt }) => prompt)))) {
      store.drafts.value = [...store.drafts.value, ...own]
      return
    }
  }
}

/** Show what a mark would change; a newer question supersedes it. */
export function preview(prompt: Prompt, replacing: number | null): void {
  live?.preview(store.active.value, prompt, replacing)
}

export function cancel(): void {
  const id = store.session.value?.id
  if (id) server.cancel(id).catch(store.fail)
}

/** Show nothing but what is committed. */
export function putBack(): void {
  store.labels.value?.restore()
  store.labelsVersion.value++
}

function accept({ header, values, bytes }: Frame): void {
  store.labels.value?.commit(header.region, values)
  const { outside = 0, seconds = 0 } = header.update ?? {}
  performance.mark('answer-taken', { detail: { bytes, outside, seconds } })
  store.batch(() => {
    store.session.value = updated(store.session.value!, header)
    store.labelsVersion.value++
    store.suggestion.value = null
    store.busy.value = null
  })
  for (const note of header.update?.notes ?? []) store.say(note)
}

export function updated(state: State, header: FrameHeader): State {
  const objects = new Map(state.objects.map((item) => [item.number, item]))
  for (const number of header.removed ?? []) objects.delete(number)
  for (const item of header.objects ?? []) objects.set(item.number, item)
  const steps = [...state.history.steps]
  const { done = state.history.done, added = null, count = steps.length } = header.history ?? {}
  if (added) steps.splice(added.number - 1, steps.length, added)
  return {
    ...state,
    objects: [...objects.values()].sort((a, b) => a.number - b.number),
    history: { done, steps: steps.slice(0, Math.max(count, 0)) },
    next_id: header.next_id ?? state.next_id,
    saved: header.saved ?? state.saved,
    status: state.status === 'to do' && done ? 'started' : state.status,
  }
}

/** Fetch the state, and the labels too, as the server has them; after all that was asked before. */
export function again(withLabels = true): Promise<void> {
  const id = store.session.value?.id
  if (!id) return Promise.resolve()
  const turn = queue.then(async () => {
    if (store.session.value?.id !== id) return
    try {
      const state = await server.state(id)
      const frame = withLabels ? await server.labels(id) : null
      if (store.session.value?.id !== id) return
      if (frame) store.labels.value?.reset(frame.header.region, frame.values)
      store.session.value = state
      store.labelsVersion.value++
    } catch (error) {
      store.fail(error)
    }
  })
  queue = turn
  return turn
}

function told(message: Told): void {
  if (message.kind === 'busy')
    store.busy.value = { step: message.step, since: performance.now(), fraction: 0 }
  else if (message.kind === 'progress' && store.busy.value)
    store.busy.value = { ...store.busy.value, fraction: message.fraction }
  else if (message.kind === 'idle') store.busy.value = null
  else if (message.kind === 'changed' && message.window !== server.WINDOW) void again()
  else if (message.kind === 'saved') void again(false)
  else if (message.kind === 'error' && message.error.kind === 'Autosave') store.say(message.error.message, 'error')
  else if (message.kind === 'error') putBack()
}

function shown({ header, values }: Frame): void {
  if (header.kind === 'preview' && !store.moved.value && !store.adjusting.value) return
  if (header.kind === 'partial' && !store.busy.value) return
  if (!countOf(header.region)) putBack()
  store.labels.value?.preview(header.region, values)
  store.labelsVersion.value++
}

function connected(yes: boolean, anew: boolean): void {
  store.connected.value = yes
  if (!yes) store.busy.value = null
  if (anew) void again().then(askAboutInterrupted)
  else if (yes && store.session.value?.busy) void again() // it may have ended before we listened
}

/** What was asked but not answered when the server stopped is offered again. */
function askAboutInterrupted(): void {
  if (store.session.value?.interrupted.length) store.dialog.value ??= 'interrupted'
}
