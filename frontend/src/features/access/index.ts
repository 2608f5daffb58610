/** Who may do what with which row: giving access, asking for it, answering. */
export { AccessDialog, Ends, SubjectMark, subjectName } from './components/access-dialog';
export { ArtifactLinkDialog } from './components/artifact-link-dialog';
export { PublicSharePage } from './components/public-share-page';
export { MyRequest, RequestCard } from './components/request-card';
export { RequestAccess, RequestDialog } from './components/request-dialog';
export { kindName, levelName } from './model/levels';
export { myWishes, rolesQuery } from './queries';
