/** What takes its time and may be stopped: opening, sending files, measuring, exporting. */

import * as store from './store'

export type Tell = (fraction: number) => void

let last = 0

/** Do it; shown after half a second, with a button that stops it. Undefined if it was stopped, or failed. */
export async function during<T>(
  label: string, work: (stop: AbortSignal, tell: Tell) => Promise<T>,
): Promise<T | undefined> {
  const stopping = new AbortController()
  const number = ++last
  const mine = () => store.task.value?.number === number
  store.task.value = {
    number, label, since: performance.now(), fraction: 0, stop: () => stopping.abort(),
  }
  const tell = (fraction: number) => {
    if (mine()) store.task.value = { ...store.task.value!, fraction }
  }
  try {
    return await work(stopping.signal, tell)
  } catch (error) {
    if (stopping.signal.aborted) store.say('Stopped; nothing has changed.')
    else store.fail(error)
    return undefined
  } finally {
    if (mine()) store.task.value = null
  }
}
