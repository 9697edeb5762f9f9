/** What the page says: errors in one sentence, and progress of what takes its time. */

import { useEffect, useState } from 'preact/hooks'
import * as session from '../session'
import * as store from '../store'
import { Button } from './widgets'

const SOON = 500

export function Messages() {
  return (
    <div class="messages" aria-live="polite">
      {store.messages.value.map((message) => (
        <div class={`message ${message.kind}`} role={message.kind === 'error' ? 'alert' : 'status'} key={message.text}>
          <span>{message.text}</span>
          <Button icon="close" kind="bare" title="Close" onClick={() => (store.messages.value = store.messages.value.filter((each) => each !== message))} />
        </div>
      ))}
    </div>
  )
}

/** Shown once something has run for half a second. */
export function Progress() {
  const busy = store.busy.value
  const [late, setLate] = useState(false)
  const since = busy?.since
  useEffect(() => {
    setLate(false)
    if (since === undefined) return
    const timer = setTimeout(() => setLate(true), Math.max(0, SOON - (performance.now() - since)))
    return () => clearTimeout(timer)
  }, [since])
  if (!busy || !late) return null
  return (
    <div class="progress" role="status">
      <span>{busy.step || 'Working'} …</span>
      <progress max={1} value={busy.fraction > 0 ? busy.fraction : undefined} />
      <Button id="cancel" title="Cancel (Esc)" onClick={session.cancel}>Cancel</Button>
    </div>
  )
}

export function Opening() {
  if (!store.opening.value) return null
  return <div class="progress" role="status"><span>Opening {store.opening.value} …</span><progress /></div>
}
