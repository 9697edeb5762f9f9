/** What a reload brings back: put to the server a moment after it changes. */

import { batch, effect } from '@preact/signals'
import { keepView } from './server'
import * as store from './store'

const KEPT = {
  tool: store.tool, inside: store.inside, brush: store.brush, range: store.range,
  radius: store.radius,
  active: store.active, layout: store.layout, large: store.large, crosshair: store.crosshair,
  looks: store.looks, channel: store.channel, beside: store.beside, windows: store.windows,
  opacity: store.opacity, outlined: store.outlined, hidden: store.hidden,
  marksShown: store.marksShown, smoothed: store.smoothed, heatShown: store.heatShown,
  batched: store.batched, drafts: store.drafts, lassoMarks: store.lassoMarks,
  flat: store.flat, solidImage: store.solidImage, folded: store.folded,
} as const

const STARTS = Object.fromEntries(Object.entries(KEPT).map(([name, kept]) => [name, kept.value]))
const PAUSE = 400
const MOST = 500_000

let keptFor: string | null = null
let timer = 0

function now(): Record<string, unknown> {
  const view: Record<string, unknown> = {}
  for (const [name, kept] of Object.entries(KEPT)) view[name] = kept.value
  if (JSON.stringify(view).length > MOST) view.drafts = []
  return view
}

function put(): void {
  clearTimeout(timer)
  timer = 0
  if (keptFor) keepView(keptFor, now())
}

/** Show a session as it was left; what the view does not say is as at the start. */
export function bringBack(id: string, view: Record<string, unknown>): void {
  keptFor = null
  batch(() => {
    for (const [name, kept] of Object.entries(KEPT)) {
      const value = view[name] ?? STARTS[name]
      if (typeof value === typeof STARTS[name]) (kept as { value: unknown }).value = value
    }
  })
  keptFor = id
}

export function stopKeeping(): void {
  if (timer) put()
  keptFor = null
}

export function keepTheView(): void {
  effect(() => {
    now()
    if (keptFor && !timer) timer = window.setTimeout(put, PAUSE)
  })
  addEventListener('pagehide', () => timer && put())
}
