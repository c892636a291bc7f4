import { deviceInUse, type Device } from './choice'
import { listDevices, onDevicesChanged } from './input'
import { changeDevices, deviceChoice, onDeviceChoice } from './remembered'

/** What the browser's element calls the system's choice. */
const SYSTEM_SINK = ''

interface AsksForOutput {
  selectAudioOutput?: (wish?: { deviceId?: string }) => Promise<MediaDeviceInfo>
}

/** Whether a page may say where its sound goes. */
export function canChooseOutput(): boolean {
  return 'setSinkId' in HTMLMediaElement.prototype
}

/** Whether this browser lists its loudspeakers only one by one, by a question of its own. */
export function asksForOutput(): boolean {
  return (
    typeof (navigator.mediaDevices as AsksForOutput | undefined)?.selectAudioOutput === 'function'
  )
}

/** Lets the learner choose in the browser's own list; null when they chose nothing. Call from a press. */
export async function askForOutput(): Promise<Device | null> {
  const devices = navigator.mediaDevices as AsksForOutput
  try {
    const device = await devices.selectAudioOutput?.()
    return device === undefined ? null : { id: device.deviceId, label: device.label }
  } catch {
    return null
  }
}

export function chooseOutput(output: Device | null): void {
  changeDevices((before) => ({ ...before, output }))
}

/** The loudspeaker to use now, or null for the system's choice: also when the chosen one is gone. */
async function chosenOutput(): Promise<Device | null> {
  return deviceInUse(deviceChoice().output, await listDevices('audiooutput'))
}

/** Has `element` play through the chosen loudspeaker, once; tells whether it does. */
export async function applyChosenOutput(element: HTMLMediaElement): Promise<'chosen' | 'system'> {
  if (!canChooseOutput()) return 'system'
  const sink = (await chosenOutput())?.id ?? SYSTEM_SINK
  if (element.sinkId !== sink) {
    // One that cannot be opened is as good as gone: better heard elsewhere than not at all.
    await element.setSinkId(sink).catch(() => element.setSinkId(SYSTEM_SINK))
  }
  const isElsewhere = deviceChoice().output !== null && element.sinkId === SYSTEM_SINK
  return isElsewhere ? 'system' : 'chosen'
}

/**
 * Plays `element` through the chosen loudspeaker, and goes on doing so: when another is chosen, when
 * the chosen one is unplugged, when it is back. Tells where it is heard, and returns what ends that.
 */
export function followChosenOutput(
  element: HTMLMediaElement,
  heardFrom: (loudspeaker: 'chosen' | 'system') => void,
): () => void {
  if (!canChooseOutput()) return () => undefined
  let ended = false
  const apply = () => {
    applyChosenOutput(element).then(
      (loudspeaker) => {
        if (!ended) heardFrom(loudspeaker)
      },
      () => undefined,
    )
  }
  const ends = [onDeviceChoice(apply), onDevicesChanged(apply)]
  apply()
  return () => {
    ended = true
    for (const end of ends) end()
  }
}
