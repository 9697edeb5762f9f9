/** What the session can say of its own doubt: a heat overlay, and where to mark next. */

import { effect } from '@preact/signals'
import * as server from './server'
import * as store from './store'
import { during } from './task'

const PAUSE = 300

/** Fetch the probability of the active object while the heat overlay is on. */
export function watchDoubt(): void {
  let timer = 0
  effect(() => {
    const { value: session } = store.session
    const shown = store.heatShown.value && session
    const number = store.active.value
    clearTimeout(timer)
    if (!shown || !store.item.value?.voxels) {
      store.heat.value = null
      return
    }
    timer = window.setTimeout(() => {
      server
        .probability(session.id, number)
        .then(({ header, values }) => {
          if (store.session.value?.id !== session.id) return
          const some = values.some((value) => value > 0 && value < 255)
          store.heat.value = { region: header.region, values, some }
        })
        .catch(() => {
          store.heat.value = null
        })
    }, PAUSE)
  })
}

/** Go to where a mark would help most. */
export async function nextPlace(): Promise<void> {
  const id = store.session.value?.id
  if (!id) return
  const found = await during('Looking for the place', (signal) =>
    server.suggestion(id, store.active.value, signal))
  if (!found || store.session.value?.id !== id) return
  store.suggestion.value = found
  if (found.at) store.crosshair.value = found.at
  store.say(found.why)
}
