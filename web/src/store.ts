/** What the page knows and shows, as signals; `session.ts` and the widgets change it. */

import { batch, computed, signal } from '@preact/signals'
import type { Look, Point } from './grid'
import type { Labels } from './labels'
import type {
  About, Axis, Index, Item, Method, Placed, Prompt, Region, Runs, State, Suggestion, Tool, WorkItem,
} from './wire'

export type ToolName =
  | 'look' | 'box' | 'click' | 'scribble' | 'lasso' | 'paint' | 'threshold'
export type Layout = 'planes' | 'single' | 'compare' | 'solid'

/** A mark on its way: drawn but not yet answered, or waiting in a batch. */
export interface Draft {
  object: number
  prompt: Prompt
}

export interface Message {
  text: string
  kind: 'error' | 'note'
}

export const about = signal<About | null>(null)
export const methods = signal<Method[]>([])
export const tools = signal<Tool[]>([])
export const work = signal<WorkItem[]>([])
/** The image to go on with: the last that was open and is not done. */
export const resume = signal<string | null>(null)
export const session = signal<State | null>(null)
export const labels = signal<Labels | null>(null)
export const labelsVersion = signal(0)
export const connected = signal(true)
export const messages = signal<Message[]>([])
export const dialog = signal<string | null>(null)

export const busy = signal<{ step: string; since: number; fraction: number } | null>(null)
/** What runs beside the session's steps, and can be stopped. */
export const task = signal<{
  number: number; label: string; since: number; fraction: number; stop: () => void
} | null>(null)
/** Whether one session is being left for another. */
export const between = signal(false)
export const pending = signal<Draft[]>([])
/** The probability of the active object, and whether it is in doubt anywhere. */
export const heat = signal<{ region: Region; values: Uint8Array; some: boolean } | null>(null)
export const suggestion = signal<Suggestion | null>(null)
export const selected = signal<number | null>(null)
export const hover = signal<Index | null>(null)
export const trace = signal<{ axis: Axis; depth: number; runs: Runs | null; lasso: Point[]; box: Point[] } | null>(null)
export const moved = signal<{ id: number; prompt: Prompt } | null>(null)
export const pointer = signal<Point | null>(null)
export const adjusting = signal(false)
export const tunings = signal<{ text: string; ok: boolean }>({ text: '', ok: true })

// What a reload brings back; see `view.ts`.
export const tool = signal<ToolName>('look')
export const inside = signal(true)
export const brush = signal(3)
export const range = signal<[number, number]>([0, 1])
/** Of smoothing, growing and shrinking, in mm. */
export const radius = signal(1)
export const active = signal(1)
export const layout = signal<Layout>('planes')
export const large = signal<Axis>(2)
export const crosshair = signal<Index>([0, 0, 0])
export const looks = signal<(Look | null)[]>([null, null, null])
export const channel = signal(0)
export const beside = signal(1)
export const windows = signal<Record<number, [number, number]>>({})
export const opacity = signal(0.35)
export const outlined = signal(true)
export const hidden = signal<number[]>([])
export const marksShown = signal(true)
export const smoothed = signal(true)
export const heatShown = signal(false)
export const batched = signal(false)
export const drafts = signal<Draft[]>([])
export const lassoMarks = signal(true)
export const flat = signal(false)
export const solidImage = signal(false)
export const folded = signal<string[]>([])

export const method = computed(() =>
  methods.value.find(({ name }) => name === session.value?.method.name) ?? null,
)
export const item = computed<Item | null>(() =>
  session.value?.objects.find(({ number }) => number === active.value) ?? null,
)
/** Whether the image says how it lies in a patient, and how large it is. */
export const oriented = computed(() => {
  const image = session.value?.image
  return ['nifti', 'dicom', 'nrrd'].includes(image?.format ?? '') || (image?.dims === 3 && image.format !== 'picture')
})
export const unit = computed(() => (oriented.value ? 'mm' : 'px'))
export const reads = (kind: Prompt['kind']): boolean =>
  kind === 'paint' || kind === 'given' || (method.value?.reads.includes(kind) ?? false)

/** Where the brush is drawn, if the tool has one. */
export const cursor = computed(() =>
  tool.value === 'paint' || tool.value === 'threshold' ? pointer.value : null,
)

/** The window of a channel: chosen, or from its percentiles. */
export const windowOf = (n: number): [number, number] => {
  const chosen = windows.value[n]
  if (chosen) return chosen
  const found = session.value?.image.ranges[n]
  if (!found) return [0, 255]
  const [low, high, from, to] = found
  return from < to ? [from, to] : low < high ? [low, high] : [low - 1, low + 1]
}

/** The prompts of the active object that a slice shows. */
export const placed = computed<Placed[]>(() => item.value?.prompts ?? [])

export function say(text: string, kind: Message['kind'] = 'note'): null {
  const message = { text, kind }
  messages.value = [...messages.value.filter((each) => each.text !== text), message].slice(-3)
  setTimeout(() => {
    messages.value = messages.value.filter((each) => each !== message)
  }, kind === 'error' ? 12000 : 6000)
  return null
}

export const fail = (error: unknown): void =>
  void say(error instanceof Error ? error.message : String(error), 'error')

export { batch }
