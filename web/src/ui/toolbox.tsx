/** The tools, and the settings of the one in use. */

import * as session from '../session'
import * as store from '../store'
import { TOOLS, choose, isLive, toolOf } from '../tools'
import { nextPlace } from '../doubt'
import { Button, Check, NumberBox, Panel, Slider } from './widgets'

export function Toolbox() {
  const tool = toolOf(store.tool.value)
  return (
    <Panel title="Tools">
      <div class="tools" role="toolbar" aria-label="Tools">
        {TOOLS.map((each) => (
          <Button
            key={each.name} id={`tool-${each.name}`} icon={each.icon} kind="tool"
            title={`${each.title} (${each.key.toUpperCase()}): ${isLive(each) ? each.help : `${store.method.value?.title} does not read this`}`}
            on={store.tool.value === each.name} off={!isLive(each)} onClick={() => choose(each.name)}
          >
            <span>{each.title}</span>
          </Button>
        ))}
      </div>
      <p class="hint">{tool.help}</p>
      {tool.sides && <Sides />}
      <Settings />
      <Adjust />
      <Batch />
      <div class="row">
        <Button icon="target" title="Where to mark next (J)" id="next-place" onClick={() => void nextPlace()}>
          Where to mark next
        </Button>
      </div>
    </Panel>
  )
}

function Sides() {
  const { inside, tool } = store
  const [plus, minus] = tool.value === 'paint' || tool.value === 'threshold'
    ? ['Paint', 'Erase'] : ['Inside', 'Outside']
  return (
    <div class="sides" role="group" aria-label="Side (X changes)">
      <Button id="side-inside" icon="plus" kind="plus" title={`${plus} (X changes; Shift for one mark)`} on={inside.value} onClick={() => (inside.value = true)}>{plus}</Button>
      <Button id="side-outside" icon="minus" kind="less" title={`${minus} (X changes; Shift for one mark)`} on={!inside.value} onClick={() => (inside.value = false)}>{minus}</Button>
    </div>
  )
}

function Settings() {
  const { tool, brush, range } = store
  const spacing = store.session.value?.image.spacing ?? [1, 1, 1]
  const fine = Math.min(...spacing)
  const log = (value: number) => Math.log(value / fine)
  if (tool.value === 'box' && store.session.value?.dims === 3)
    return <Check label="In this slice only" signal={store.flat} title="Otherwise a box in 3D is as deep as it is wide; drag its edges in the other planes" />
  if (tool.value === 'lasso')
    return (
      <div class="segments" role="group" aria-label="What a lasso is">
        <Button title="A mark that the method reads" on={store.lassoMarks.value && store.reads('scribble')} off={!store.reads('scribble')} onClick={() => (store.lassoMarks.value = true)}>Mark</Button>
        <Button title="The object itself" on={!store.lassoMarks.value || !store.reads('scribble')} onClick={() => (store.lassoMarks.value = false)}>Object itself</Button>
      </div>
    )
  if (tool.value !== 'paint' && tool.value !== 'threshold') return null
  return (
    <>
      <Slider
        label="Size" low={0} high={log(100 * fine)} step={0.05} value={log(brush.value)}
        show={brush.value.toFixed(1)} unit={` ${store.unit.value}`} onInput={(value) => (brush.value = fine * Math.exp(value))}
      />
      {tool.value === 'threshold' && (
        <div class="pair">
          <span>Intensity</span>
          <NumberBox label="Lowest intensity" value={range.value[0]} onChange={(low) => (range.value = [low!, range.value[1]])} />
          <span>to</span>
          <NumberBox label="Highest intensity" value={range.value[1]} onChange={(high) => (range.value = [range.value[0], high!])} />
        </div>
      )}
    </>
  )
}

/** Larger or smaller, for methods that read it; the outline follows the slider. */
function Adjust() {
  const live = store.reads('adjust')
  const marks = store.placed.value
  const last = marks[marks.length - 1]
  const amount = last?.kind === 'adjust' ? last.amount : 0
  const percent = (value: number) => ({ kind: 'adjust', amount: value / 100 }) as const
  return (
    <Slider
      off={!live} title={live ? 'Smaller or larger than now (7, 8)' : `${store.method.value?.title} does not read this`}
      label="Adjust" low={-60} high={60} step={2} value={Math.round(100 * amount)} unit=" %"
      onInput={(value) => {
        store.adjusting.value = true
        session.preview(percent(value), null)
      }}
      onChange={(value) => {
        store.adjusting.value = false
        void session.mark(store.active.value, [percent(value)])
      }}
    />
  )
}

function Batch() {
  const waiting = store.drafts.value.length
  return (
    <div class="row">
      <Check label="Batch: draw several, then run" signal={store.batched} title="Batch (Q)" />
      {waiting > 0 && (
        <>
          <Button kind="strong" id="run-batch" title="Run the marks that wait (Enter)" onClick={() => void session.runBatch()}>
            Run {waiting}
          </Button>
          <Button icon="close" kind="bare" title="Drop the marks that wait" onClick={() => (store.drafts.value = [])} />
        </>
      )}
    </div>
  )
}
