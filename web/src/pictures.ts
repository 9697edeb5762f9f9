/** The voxels of the channels that are shown; fetched once each. */

import { signal } from '@preact/signals'
import { readNifti, type Picture } from './nifti'
import * as server from './server'
import * as store from './store'
import { during, type Tell } from './task'
import type { Index, State } from './wire'

const KEPT = 3

/** Which channels are here, the last used first. */
export const loaded = signal<ReadonlyMap<string, Picture>>(new Map())
let session: State | null = null
const coming = new Set<number>()

const keyOf = (state: State, channel: number) => (state.image.rgb ? 'rgb' : String(channel))

/** Fetch what a session shows first. */
export async function begin(state: State, signal: AbortSignal, tell: Tell): Promise<void> {
  session = state
  loaded.value = new Map()
  const channel = typeof state.view.channel === 'number' ? state.view.channel : 0
  await fetchPicture(state, Math.min(channel, state.image.channels.length - 1), signal, tell)
}

export function end(): void {
  session = null
  loaded.value = new Map()
}

/** A channel's voxels; null while they are on their way. */
export function picture(channel: number): Picture | null {
  return (session && loaded.value.get(keyOf(session, channel))) ?? null
}

export async function want(channel: number): Promise<void> {
  const state = session
  if (!state || loaded.value.has(keyOf(state, channel)) || coming.has(channel)) return
  coming.add(channel)
  const done = await during(`Loading ${state.image.channels[channel]}`, async (signal, tell) => {
    await fetchPicture(state, channel, signal, tell)
    return true
  })
  coming.delete(channel)
  if (!done && session === state) lookElsewhere(state, channel)
}

/** A channel that is not to be had is not looked at. */
function lookElsewhere({ image }: State, channel: number): void {
  const here = image.channels.findIndex((_, n) => loaded.value.has(String(n)))
  if (here < 0) return
  if (store.channel.value === channel) store.channel.value = here
  if (store.beside.value === channel) store.beside.value = here
}

async function fetchPicture(
  state: State, channel: number, signal: AbortSignal, tell: Tell,
): Promise<void> {
  const key = keyOf(state, channel)
  const found = readNifti(await server.image(state.id, key, signal, tell))
  if (session !== state) return
  const others = [...loaded.peek()].filter(([name]) => name !== key).slice(0, KEPT - 1)
  loaded.value = new Map([[key, found], ...others])
}

/** The intensity, or the colour, at a voxel. */
export function intensity(channel: number, [i, j, k]: Index): string {
  const found = picture(channel)
  if (!found) return ''
  const at = found.samples * (i + found.shape[0] * (j + found.shape[1] * k))
  const values = [...found.data.slice(at, at + found.samples)]
  return values.map((value) => (Number.isInteger(value) ? value : value.toPrecision(4))).join(' ')
}
