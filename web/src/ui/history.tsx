/** The steps so far by name; a click goes to one. */

import { useEffect, useRef } from 'preact/hooks'
import * as session from '../session'
import * as store from '../store'
import { Panel } from './widgets'

export function History() {
  const { steps, done } = store.session.value!.history
  const list = useRef<HTMLOListElement>(null)
  useEffect(() => {
    const row = list.current?.querySelector<HTMLElement>('[aria-current]')
    if (row) list.current!.scrollTop = row.offsetTop - list.current!.clientHeight / 2
  }, [done, steps.length])
  const time = (seconds: number) => new Date(1000 * seconds).toLocaleTimeString([], { hour: '2-digit', minute: '2-digit' })
  return (
    <Panel title="History">
      <ol class="history" ref={list}>
        <li><button type="button" aria-current={done === 0 ? 'step' : undefined} onClick={() => void session.goto(0)}>Opened</button></li>
        {steps.map((step, n) => (
          <li key={step.number}>
            <button
              type="button" class={n >= done ? 'undone' : ''} aria-current={n + 1 === done ? 'step' : undefined}
              title={`Go to ${step.name} (${time(step.time)})`} onClick={() => void session.goto(n + 1)}
            >
              <span>{step.name}</span>
            </button>
          </li>
        ))}
      </ol>
    </Panel>
  )
}
