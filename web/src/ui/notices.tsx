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

/** Shown once something has run for half a second, with a button that stops it. */
export function Progress() {
  const { busy, task } = store
  return (
    <>
      {busy.value && <Bar label={busy.value.step || 'Working'} {...busy.value} stop={session.cancel} id="cancel" />}
      {task.value && <Bar key={task.value.number} {...task.value} id="stop-task" />}
    </>
  )
}

function Bar({ label, since, fraction, stop, id }: {
  label: string; since: number; fraction: number; stop: () => void; id: string
}) {
  const [late, setLate] = useState(false)
  useEffect(() => {
    setLate(false)
    const timer = setTimeout(() => setLate(true), Math.max(0, SOON - (performance.now() - since)))
    return () => clearTimeout(timer)
  }, [since])
  if (!late) return null
  return (
    <div class="progress" role="status">
      <span>{label} …</span>
      <progress max={1} value={fraction > 0 ? fraction : undefined} />
      <Button id={id} title="Cancel (Esc)" onClick={stop}>Cancel</Button>
    </div>
  )
}
