/** How the image is shown: layout, channel, window, overlay. */

import * as store from '../store'
import { CT_PRESETS, isCt, isPreset, resetWindow, setWindow, usePreset } from '../presets'
import { showWhole } from '../tiles'
import { Button, Check, NumberBox, Panel, Slider } from './widgets'

export function Display() {
  const image = store.session.value!.image
  return (
    <Panel title="Display">
      {image.dims === 3 && <Layouts />}
      {!image.rgb && image.channels.length > 1 && <Channels />}
      {!image.rgb && <Window />}
      <Slider label="Fill" low={0} high={1} step={0.05} value={store.opacity.value} show={`${Math.round(100 * store.opacity.value)}`} unit=" %" onInput={(value) => (store.opacity.value = value)} />
      <div class="checks">
        <Check label="Outlines" signal={store.outlined} title="Outlines (O)" />
        <Check label="Marks" signal={store.marksShown} title="Marks (M)" />
        <Check label="Doubt as heat" signal={store.heatShown} title="Where the method is in doubt, for the active object (H)" />
        <Check label="Smooth pixels" signal={store.smoothed} title="Interpolate between pixels (I)" />
        {image.dims === 3 && <Check label="Image in 3D" signal={store.solidImage} title="Show the image in the 3D view too" />}
      </div>
    </Panel>
  )
}

const LAYOUTS = [
  ['planes', 'Three planes and 3D (4)'], ['single', 'One large plane (1, 2, 3)'],
  ['compare', 'Two channels side by side (6)'], ['solid', '3D (5)'],
] as const

function Layouts() {
  const { layout } = store
  return (
    <div class="row tight" role="group" aria-label="Layout">
      {LAYOUTS.map(([name, title]) => (
        <Button key={name} icon={name} title={title} on={layout.value === name} onClick={() => (layout.value = name)} />
      ))}
      <Button title="Fit the image (F)" onClick={showWhole}>Fit</Button>
    </div>
  )
}

function Channels() {
  const { channels } = store.session.value!.image
  const select = (label: string, signal: { value: number }) => (
    <label class="pair">
      <span>{label}</span>
      <select aria-label={label} value={signal.value} onChange={(event) => (signal.value = Number((event.target as HTMLSelectElement).value))}>
        {channels.map((name, n) => <option key={n} value={n}>{name}</option>)}
      </select>
    </label>
  )
  return (
    <>
      {select('Channel', store.channel)}
      {store.layout.value === 'compare' && select('Beside it', store.beside)}
      {store.layout.value !== 'compare' && channels.length > 4 && (
        <Slider label="Channel" low={0} high={channels.length - 1} step={1} value={store.channel.value} show={`${store.channel.value + 1}/${channels.length}`} onInput={(value) => (store.channel.value = value)} />
      )}
    </>
  )
}

function Window() {
  const { channel } = store
  const [low, high] = store.windowOf(channel.value)
  const round = (value: number) => Number(value.toPrecision(4))
  return (
    <>
      <div class="pair" title="Window: width and level; drag with the right button">
        <span>Width</span>
        <NumberBox label="Window width" value={round(high - low)} onChange={(width) => setWindow([(low + high - width!) / 2, (low + high + width!) / 2])} />
        <span>Level</span>
        <NumberBox label="Window level" value={round((low + high) / 2)} onChange={(level) => setWindow([level! - (high - low) / 2, level! + (high - low) / 2])} />
        <Button icon="reset" kind="bare" title="Window as at the start (W)" onClick={resetWindow} />
      </div>
      {isCt() && (
        <div class="presets" role="group" aria-label="CT windows">
          {CT_PRESETS.map((preset) => (
            <Button key={preset.name} title={`${preset.name}: width ${preset.width}, level ${preset.level} HU (Shift+W: the next)`}
              on={isPreset(preset)} onClick={() => usePreset(preset)}>{preset.name}</Button>
          ))}
        </div>
      )}
    </>
  )
}
