/** Windows: which values of a channel are black and white; and those for CT, as radiologists use them. */

import * as store from './store'

export interface Preset {
  name: string
  width: number
  level: number
}

export const CT_PRESETS: readonly Preset[] = [
  { name: 'Soft tissue', width: 400, level: 40 },
  { name: 'Lung', width: 1500, level: -600 },
  { name: 'Bone', width: 1800, level: 400 },
  { name: 'Brain', width: 80, level: 40 },
  { name: 'Liver', width: 150, level: 30 },
  { name: 'Mediastinum', width: 350, level: 50 },
]

/** Whether the channel that is shown is CT, by what the file says or by its values. */
export function isCt(): boolean {
  const { modality, ranges, rgb } = store.session.value!.image
  const [least, most] = ranges[store.channel.value] ?? [0, 255]
  if (modality !== null || rgb) return modality === 'CT'
  return least >= -3072 && least <= -200 && most > 400 && most <= 32767
}

/** Show the channel from one value to another. */
export function setWindow([low, high]: [number, number]): void {
  if (low < high) store.windows.value = { ...store.windows.value, [store.channel.value]: [low, high] }
}

export function resetWindow(): void {
  const { [store.channel.value]: _, ...rest } = store.windows.value
  store.windows.value = rest
}

export const usePreset = ({ width, level }: Preset): void =>
  setWindow([level - width / 2, level + width / 2])

export function isPreset({ width, level }: Preset): boolean {
  const [low, high] = store.windowOf(store.channel.value)
  return low === level - width / 2 && high === level + width / 2
}

/** The next of the presets; the first if none is in use. */
export function nextPreset(): void {
  if (!isCt()) return void store.say('These windows are for CT, which this image is not.')
  usePreset(CT_PRESETS[(CT_PRESETS.findIndex(isPreset) + 1) % CT_PRESETS.length])
}
