export { Call } from './call'
export { followTrack, openMicrophone, switchMicrophone } from './microphone'
