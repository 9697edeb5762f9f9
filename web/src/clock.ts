/** The user's active time on an object, the papers' measure, reported to the server now and then. */

import { effect } from '@preact/signals'
import * as server from './server'
import * as store from './store'

const IDLE = 30_000
const TICK = 1000
const REPORT = 10

let lastActive = performance.now()
let spent = 0
let spentOn: { id: string; object: number; exists: boolean } | null = null

/** What was not reported yet, if there is an object that it was spent on. */
function take(): { id: string; object: number; seconds: number } | null {
  if (!spentOn?.exists || !spent) return null
  const taken = { id: spentOn.id, object: spentOn.object, seconds: spent }
  spent = 0
  return taken
}

function report(): void {
  const taken = take()
  if (!taken) return
  void server
    .reportSeconds(taken.id, taken.object, taken.seconds)
    .then(({ seconds }) => {
      const now = store.session.value
      if (now?.id === taken.id) store.session.value = { ...now, seconds }
    })
    .catch(() => undefined)
}

/** Go with the user to another object; the time before the first mark is that of the object which it makes. */
function follow(): void {
  const id = store.session.value?.id
  const object = store.active.value
  const exists = store.item.value !== null
  if (spentOn?.id !== id || spentOn?.object !== object) report()
  if (spentOn?.id !== id) spent = 0
  spentOn = id ? { id, object, exists } : null
}

/** Count the seconds in which the user does something, while the page is seen. */
export function startClock(): void {
  for (const name of ['pointermove', 'pointerdown', 'keydown', 'wheel'])
    addEventListener(name, () => (lastActive = performance.now()), { passive: true })
  effect(follow)
  setInterval(() => {
    if (document.hidden || performance.now() - lastActive > IDLE || !spentOn) return
    spent += TICK / 1000
    if (spent >= REPORT) report()
  }, TICK)
  addEventListener('pagehide', () => {
    const taken = take()
    if (taken) server.keepSeconds(taken.id, taken.object, taken.seconds)
  })
}
