/** Small things that many parts of the page are made of. */

import type { ComponentChildren } from 'preact'
import { useEffect, useLayoutEffect, useRef } from 'preact/hooks'
import * as store from '../store'
import { Icon } from './icon'

interface ButtonProps {
  icon?: string
  title: string
  children?: ComponentChildren
  on?: boolean
  off?: boolean
  kind?: string
  id?: string
  onClick: () => void
}

/** A button; `title` says what it does, and its key in brackets, and is its name if it shows none. */
export function Button({ icon, title, children, on, off, kind = '', id, onClick }: ButtonProps) {
  return (
    <button
      type="button" id={id} class={`button ${kind}`} title={title} aria-label={children ? undefined : title}
      aria-pressed={on} disabled={off} onClick={onClick}
    >
      {icon && <Icon name={icon} />}
      {children}
    </button>
  )
}

/** A part of a side panel that folds. */
export function Panel({ title, extra, children }: {
  title: string; extra?: ComponentChildren; children: ComponentChildren
}) {
  const folded = store.folded.value.includes(title)
  const flip = () => {
    store.folded.value = folded
      ? store.folded.value.filter((each) => each !== title)
      : [...store.folded.value, title]
  }
  return (
    <section class="panel" aria-label={title}>
      <header>
        <button type="button" class="fold" aria-expanded={!folded} onClick={flip}>
          <span class={folded ? 'turn shut' : 'turn'}>▾</span> {title}
        </button>
        {extra}
      </header>
      {!folded && <div class="inner">{children}</div>}
    </section>
  )
}

/** A slider with its value. */
export function Slider({ label, value, low, high, step, unit = '', show, off, title, onInput, onChange }: {
  label: string; value: number; low: number; high: number; step: number; unit?: string
  show?: string; off?: boolean; title?: string; onInput?: (value: number) => void; onChange?: (value: number) => void
}) {
  const read = (event: Event) => Number((event.target as HTMLInputElement).value)
  return (
    <label class="slider" title={title}>
      <span>{label}</span>
      <input
        type="range" min={low} max={high} step={step} value={value} aria-label={label} disabled={off}
        onInput={(event) => onInput?.(read(event))} onChange={(event) => onChange?.(read(event))}
      />
      <output>{show ?? value}{unit}</output>
    </label>
  )
}

export function Check({ label, signal, title }: {
  label: string; signal: { value: boolean }; title?: string
}) {
  return (
    <label class="check" title={title}>
      <input
        type="checkbox" checked={signal.value}
        onChange={(event) => (signal.value = (event.target as HTMLInputElement).checked)}
      />
      {label}
    </label>
  )
}

/** A dialog over the page; Escape closes it. */
export function Dialog({ title, wide, children }: {
  title: string; wide?: boolean; children: ComponentChildren
}) {
  const box = useRef<HTMLDivElement>(null)
  useEffect(() => {
    const before = document.activeElement as HTMLElement | null
    box.current?.focus()
    return () => before?.focus()
  }, [])
  const close = () => (store.dialog.value = null)
  return (
    <div class="shade" onClick={(event) => event.target === event.currentTarget && close()}>
      <div class={`dialog ${wide ? 'wide' : ''}`} role="dialog" aria-modal="true" aria-label={title} tabIndex={-1} ref={box}>
        <header role="none">
          <h2>{title}</h2>
          <Button icon="close" title="Close (Esc)" kind="bare" onClick={close} />
        </header>
        <div class="body" tabIndex={wide ? 0 : undefined}>{children}</div>
      </div>
    </div>
  )
}

/** A number a person types, taken over when they leave it or press Enter; what is half typed stays when the rest of the page is drawn anew. */
export function NumberBox({ label, value, integer, optional, onChange }: {
  label: string; value: number | null; integer?: boolean; optional?: boolean
  onChange: (value: number | null) => void
}) {
  const box = useRef<HTMLInputElement>(null)
  useLayoutEffect(() => {
    if (document.activeElement !== box.current) box.current!.value = String(value ?? '')
  })
  return (
    <input
      type="number" step={integer ? 1 : 'any'} aria-label={label} ref={box}
      onBlur={() => (box.current!.value = String(value ?? ''))}
      placeholder={optional ? 'auto' : ''}
      onChange={(event) => {
        const typed = (event.target as HTMLInputElement).value
        if (typed === '' && !optional) return
        onChange(typed === '' ? null : Number(typed))
      }}
      onKeyDown={(event) => event.key === 'Enter' && (event.target as HTMLElement).blur()}
    />
  )
}

export const size = (ml: number): string =>
  ml >= 1000 ? `${(ml / 1000).toFixed(2)} L` : ml >= 0.01 || ml === 0 ? `${ml.toFixed(2)} mL` : `${(ml * 1000).toFixed(2)} µL`
