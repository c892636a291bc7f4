import { createLocalAudioTrack, Room, type LocalAudioTrack } from 'livekit-client'

const CHOSEN = 'avaaz.microphone'

export interface MicrophoneChoice {
  id: string
  label: string
}

/** What browsers call "whatever the system uses". */
export const SYSTEM_MICROPHONE = 'default'

export function chosenMicrophone(): string {
  return localStorage.getItem(CHOSEN) ?? SYSTEM_MICROPHONE
}

/** Opens the microphone of the learner's choice; throws the browser's own error. */
export async function openMicrophone(): Promise<LocalAudioTrack> {
  return createLocalAudioTrack({
    // A preference, not a demand: the chosen one may have been left at home.
    deviceId: { ideal: chosenMicrophone() },
    echoCancellation: true,
    noiseSuppression: true,
    autoGainControl: true,
  })
}

export async function switchMicrophone(track: LocalAudioTrack, id: string): Promise<void> {
  localStorage.setItem(CHOSEN, id)
  await track.setDeviceId(id)
}

/** The microphones by name. Browsers name them only to a page that may use them. */
export async function listMicrophones(): Promise<MicrophoneChoice[]> {
  const devices = await Room.getLocalDevices('audioinput', false)
  return devices
    .filter(({ deviceId }) => deviceId !== SYSTEM_MICROPHONE && deviceId !== '')
    .map(({ deviceId, label }) => ({ id: deviceId, label }))
}

/** Why the browser gave us no microphone. */
export function refusalOf(cause: unknown): 'denied' | 'absent' | 'busy' {
  const name = cause instanceof Error ? cause.name : ''
  if (name === 'NotAllowedError' || name === 'SecurityError') return 'denied'
  if (name === 'NotReadableError' || name === 'AbortError') return 'busy'
  return 'absent'
}
