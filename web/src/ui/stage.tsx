/** Where the image is: one canvas for the planes, one for the 3D view. */

import { effect } from '@preact/signals'
import { useEffect, useRef } from 'preact/hooks'
import { paintStage } from '../paint'
import { listen } from '../pointer'
import { loaded } from '../pictures'
import { startSolid } from '../solid'
import * as store from '../store'
import { solidRectangle, stage } from '../tiles'

export function Stage() {
  const frame = useRef<HTMLElement>(null)
  const canvas = useRef<HTMLCanvasElement>(null)
  useEffect(() => {
    const stop = watchSize(frame.current!)
    listen(canvas.current!)
    const stopPainting = keepPainted(canvas.current!)
    canvas.current!.focus()
    return () => (stop(), stopPainting())
  }, [])
  const image = store.session.value!.image
  const place = image.dims === 3 ? solidRectangle() : null
  return (
    <main class="stage" ref={frame}>
      <canvas id="stage" ref={canvas} tabIndex={0} class={`tool-${store.tool.value}`} aria-label="Image; press ? for the keyboard" />
      {place && (
        <div class="solid" style={{ left: `${place.left}px`, top: `${place.top}px`, width: `${place.width}px`, height: `${place.height}px` }}>
          <Solid />
          {!store.session.value!.objects.some(({ voxels }) => voxels) && <p>Objects appear here in 3D.</p>}
        </div>
      )}
    </main>
  )
}

function Solid() {
  const canvas = useRef<HTMLCanvasElement>(null)
  useEffect(() => {
    let stop: (() => void) | null = null
    let gone = false
    startSolid(canvas.current!).then(
      (found) => (gone ? found() : (stop = found)),
      () => store.say('This browser shows no 3D (WebGL 2 is off); everything else works.'),
    )
    return () => ((gone = true), stop?.())
  }, [])
  return <canvas id="solid" ref={canvas} aria-label="Objects in 3D" />
}

function watchSize(frame: HTMLElement): () => void {
  const measure = () => {
    stage.value = { width: frame.clientWidth, height: frame.clientHeight }
  }
  const observer = new ResizeObserver(measure)
  observer.observe(frame)
  measure()
  return () => observer.disconnect()
}

/** Paint again, at most once a frame, when anything that is shown changes. */
function keepPainted(canvas: HTMLCanvasElement): () => void {
  const context = canvas.getContext('2d', { alpha: false })!
  let asked = 0
  const paint = () => {
    asked = 0
    const { width, height } = stage.peek()
    const dense = devicePixelRatio || 1
    if (!store.session.peek() || !width) return
    const [w, h] = [Math.round(width * dense), Math.round(height * dense)]
    if (canvas.width !== w || canvas.height !== h) {
      canvas.width = w
      canvas.height = h
    }
    context.setTransform(dense, 0, 0, dense, 0, 0)
    paintStage(context, width, height)
    performance.mark('stage-painted', { detail: store.labels.peek()?.version })
  }
  const stop = effect(() => {
    for (const signal of SHOWN) void signal.value
    asked ||= requestAnimationFrame(paint)
  })
  return () => (stop(), cancelAnimationFrame(asked))
}

const SHOWN = [
  stage, loaded, store.session, store.labelsVersion, store.layout, store.large, store.crosshair,
  store.looks, store.channel, store.beside, store.windows, store.opacity, store.outlined,
  store.hidden, store.marksShown, store.smoothed, store.heat, store.heatShown, store.active,
  store.drafts, store.pending, store.moved, store.trace, store.selected, store.suggestion,
  store.inside, store.tool, store.brush, store.cursor,
]
