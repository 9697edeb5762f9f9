/** The user's active time on an object, the papers' measure, reported to the server now and then. */

import * as server from './server'
import * as store from './store'

const IDLE = 30_000
const TICK = 1000
const REPORT = 10

let lastActive = performance.now()
let spent = 0
let spentOn: { id: string; object: number } | null = null

function flush(): void {
  if (spentOn && spent)
    void server
      .reportSeconds(spentOn.id, spentOn.object, spent)
      .then(({ seconds }) => {
        const now = store.session.value
        if (now && now.id === spentOn?.id) store.session.value = { ...now, seconds }
      })
      .catch(() => undefined)
  spent = 0
}

/** Count the seconds in which the user does something, while the page is seen. */
export function startClock(): void {
  for (const name of ['pointermove', 'pointerdown', 'keydown', 'wheel'])
    addEventListener(name, () => (lastActive = performance.now()), { passive: true })
  setInterval(() => {
    const id = store.session.value?.id
    const object = store.active.value
    if (spentOn && (spentOn.id !== id || spentOn.object !== object)) flush()
    spentOn = id ? { id, object } : null
    if (document.hidden || performance.now() - lastActive > IDLE || !id) return
    if (store.item.value) spent += TICK / 1000
    if (spent >= REPORT) flush()
  }, TICK)
}
