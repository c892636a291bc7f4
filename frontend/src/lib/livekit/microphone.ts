import { LocalAudioTrack, TrackEvent } from 'livekit-client'
import { SYSTEM_DEVICE, type Device } from '@/lib/devices/choice'
import { listDevices, openInput, withChosenInput } from '@/lib/devices/input'
import { changeDevices, deviceChoice } from '@/lib/devices/remembered'

/** Opens the microphone of the learner's choice; throws the browser's own error. */
export async function openMicrophone(): Promise<LocalAudioTrack> {
  // As our own, because LiveKit would go over to another one without a word when this one is pulled out.
  return new LocalAudioTrack(await openInput(), undefined, true)
}

/** Takes another microphone from now on, with the switches that belong to it; throws the browser's own error. */
export async function switchMicrophone(track: LocalAudioTrack, id: string): Promise<void> {
  const { input: before } = deviceChoice()
  const input = id === SYSTEM_DEVICE ? null : await inputOf(id)
  changeDevices((choice) => ({ ...choice, input }))
  try {
    // Opened anew, because browsers apply most switches to nothing else; a muted one stays muted.
    await withChosenInput((wish) => track.restartTrack({ ...wish }))
  } catch (cause) {
    // Kept, it would fail the next time, too.
    changeDevices((choice) => ({ ...choice, input: before }))
    throw cause
  }
}

/** Tells when the browser gives the track another source, and when its source has ended. */
export function followTrack(
  track: LocalAudioTrack,
  { restarted, ended }: { restarted: () => void; ended: () => void },
): () => void {
  track.on(TrackEvent.Restarted, restarted).on(TrackEvent.Ended, ended)
  return () => void track.off(TrackEvent.Restarted, restarted).off(TrackEvent.Ended, ended)
}

async function inputOf(id: string): Promise<Device> {
  const devices = await listDevices('audioinput')
  return devices.find((device) => device.id === id) ?? { id, label: '' }
}
